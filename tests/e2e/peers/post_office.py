"""An SMTP server that keeps each mail it took as a line of JSON.

usage: post_office.py PORT FOLDER

FOLDER/mails.jsonl gets a line for each mail that was taken, before that is answered.
"""

import email
import email.policy
import json
import os
import signal
import sys
import threading
import time

from aiosmtpd.controller import Controller

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]


class Keeper:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        part = mail.get_body(("plain",))
        kept = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "to": envelope.rcpt_tos,
            "from": envelope.mail_from,
            "subject": mail["subject"],
            "message_id": mail["message-id"],
            "auto_submitted": mail["auto-submitted"],
            "text": part.get_content() if part else "",
        }
        with open(os.path.join(FOLDER, "mails.jsonl"), "a") as file:
            file.write(json.dumps(kept) + "\n")
        return "250 2.0.0 taken"


controller = Controller(Keeper(), hostname="127.0.0.1", port=PORT)
controller.start()
ended = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: ended.set())
ended.wait()
controller.stop()
