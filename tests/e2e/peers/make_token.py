"""A token made by PyJWT. usage: make_token.py SECRET CLAIMS-AS-JSON"""

import json
import sys

import jwt

print(jwt.encode(json.loads(sys.argv[2]), sys.argv[1], algorithm="HS256"))
