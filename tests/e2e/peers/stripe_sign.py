"""The Stripe-Signature of standard input, by Stripe's own library.

usage: stripe_sign.py SECRET SECONDS
"""

import sys

import stripe

body = sys.stdin.read()
seconds = int(sys.argv[2])
header = stripe.WebhookSignature.generate_signature_header(body, sys.argv[1], seconds)
assert stripe.WebhookSignature.verify_header(body, header, sys.argv[1])
print(header)
