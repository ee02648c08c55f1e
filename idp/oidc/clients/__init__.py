"""Relying parties: what is registered of one, and how it proves that it is the one.

client.py          a relying party, as a frozen dataclass; `idp.oidc.registration` proves its metadata
directory.py       looks them up
fapi2.py           what a client of that profile is bound to
client_auth.py     who asks: one method a request, the registered one (RFC 6749 section 2.3, OIDC Core section 9)
assertion.py       where a JWT says so (RFC 7523); client_secrets.py for those that secrets sign
mtls.py            where a certificate does (RFC 8705)
confirmation.py    the key that it shows beside that, to which its tokens are bound (RFC 7800)
client_keys.py     its public keys, registered or published
redirect_uris.py   where it is answered, compared
origins.py         the pages that may read our answers
"""
