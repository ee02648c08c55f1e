"""Front door one: OpenID Connect.

| address | file | specification |
|---|---|---|
| /.well-known/openid-configuration, /jwks | discovery.py | OIDC Discovery 1.0, RFC 7517 |
| /authorize | authorize.py | RFC 6749 section 4.1, OIDC Core section 3.1.2, RFC 7636, RFC 9207 |
| /token | token.py, grants/ | RFC 6749 sections 3.2, 4.1.3 and 6 |
| /userinfo | userinfo.py | OIDC Core section 5.3, RFC 6750 |
| /logout | logout.py, backchannel.py | OIDC RP-Initiated Logout 1.0, Back-Channel Logout 1.0 |

A request to /authorize goes: `idp/parameters.py` (syntax) -> `target.py` (client and redirect address, proved first;
until then an error is a page) -> `rules.py` (one function a parameter) -> `provider.py` (pyop's validators and
orchestration) -> `authorize.py` (a code in one guarded write, or a transaction for `idp.login`). `client.py` is a
relying party, `registration.py` proves its metadata, `clients.py` keeps it. `keys.py` and `jws.py` sign; no JWT is ever
given to pyop. `views.py` puts it all on its addresses.
"""
