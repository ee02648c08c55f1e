"""Tokens that are signed or encrypted, ours and those of others (RFC 7515 to 7519). No JWT is ever given to pyop.

jws.py           signatures: made with `cryptography`, read with joserfc
jwe.py           encryption to a client, and to us
keys.py          our keys: next, active, retired
claims.py        that a JWT of others is for us, and good now
numeric_date.py  the times in a JWT
jti.py           that a JWT of others is good once
"""
