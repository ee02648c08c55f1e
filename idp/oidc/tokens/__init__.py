"""What a client gets, and what is kept of it.

grant.py         what the store keeps of a code and a token
redemption.py    what a citizen granted on a page, for tokens
tokens.py        the answer of the token endpoint, with the ID token
access.py        access tokens for /userinfo
families.py      the refresh tokens of one grant
confirmation.py  the key that a token is bound to (RFC 7800)
dpop.py          how a client shows that key (RFC 9449); presentation.py asks for it at a resource
"""
