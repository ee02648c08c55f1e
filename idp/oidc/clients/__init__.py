"""Relying parties: what is registered of one, and how it proves that it is the one.

client.py          a relying party, as a frozen dataclass; `idp.oidc.registration` proves its metadata
clients.py         keeps them, and looks them up
configured.py      brings many from a file, all or none
fapi2.py           what a client of that profile is bound to
client_auth.py     who asks: one method a request, the registered one (RFC 6749 section 2.3, OIDC Core section 9)
assertion.py       where a JWT says so (RFC 7523); client_secrets.py for those that secrets sign
mtls.py            where a certificate does (RFC 8705)
client_keys.py     its public keys, registered or published
origins.py         the pages that may read our answers
"""
