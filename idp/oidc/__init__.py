"""Front door one: OpenID Connect.

| address | where | specification |
|---|---|---|
| /.well-known/openid-configuration, /jwks | discovery.py, jose/ | OIDC Discovery 1.0, RFC 8414, RFC 7517 |
| /authorize, /par | authorization/ | RFC 6749 section 4.1, OIDC Core section 3.1.2, RFC 7636, 9101, 9126, 9207 |
| /device_authorization, /device, /ciba, /approve | decoupled/ | RFC 8628, CIBA Core 1.0 |
| /token | token.py, grants/ | RFC 6749 sections 3.2, 4.1.3, 4.4 and 6, RFC 8693, RFC 8707 |
| /userinfo | userinfo.py | OIDC Core section 5.3, RFC 6750, RFC 9449 |
| /register | register.py, registration/ | RFC 7591, RFC 7592 |
| /revoke | revoke.py | RFC 7009 |
| /introspect | introspect.py | RFC 7662, RFC 9701 |
| /logout | leaving/ | OIDC RP-Initiated, Back-Channel, Front-Channel Logout 1.0 |

A request to /authorize goes through the files of `authorization/` in the order that stands there; pyop's part is
`provider.py`. What it leaves is a code, or a transaction for `idp.login`.

A request to /token goes: `clients/client_auth.py` (who asks) -> `tokens/dpop.py` (the key it shows) -> a file of
`grants/` -> `tokens/redemption.py` (what a citizen granted on a page) -> `tokens/tokens.py` (the answer). Other
servers than ours, and what a grant reaches there, are those of `resources/`.

`scopes.py` says which claims a scope stands for, `subjects.py` by what a client knows a citizen and his session,
`call.py` what a client's server sends, `limits.py` how it hears that it comes too often; `envelope.py` makes those of
our answers that are JWTs. `views/` puts it all on its addresses; `front_door.py` puts it together, beside it
`side_door.py` what is answered elsewhere.

No folder imports one that stands after it: `jose`, `clients`, `resources`, `tokens`, `authorization`, `decoupled`,
`grants`, `leaving`, `registration`, `views`.
"""
