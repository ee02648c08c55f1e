"""What a client gets, and what is kept of it.

grant.py            what the store keeps of a code and a token
redemption.py       what a citizen granted on a page, for tokens
tokens.py           the answer of the token endpoint, with the ID token
access.py           access tokens for /userinfo
resource_tokens.py  those for other resource servers (RFC 9068); resource_record.py is what is kept of one
families.py         the refresh tokens of one grant
dpop.py             how a client shows the key its tokens are bound to (RFC 9449); presentation.py asks for it at a
                    resource
"""
