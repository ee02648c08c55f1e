"""Front door one: OpenID Connect.

| address | file | specification |
|---|---|---|
| /.well-known/openid-configuration, /jwks | discovery.py | OIDC Discovery 1.0, RFC 7517 |
| /authorize | authorize.py | RFC 6749 section 4.1, OIDC Core section 3.1.2, RFC 7636, RFC 9207 |
| /par | par.py | RFC 9126 |
| /device_authorization, /device | device.py, user_code.py | RFC 8628 |
| /ciba, /approve | ciba.py, ciba_request.py, citizen_code.py | CIBA Core 1.0 |
| /token | token.py, grants/, reach.py | RFC 6749 sections 3.2, 4.1.3, 4.4 and 6, RFC 8693, RFC 8707 |
| /userinfo | userinfo.py | OIDC Core section 5.3, RFC 6750 |
| /register | register.py, registration/ | RFC 7591, RFC 7592 |
| /revoke | revoke.py | RFC 7009 |
| /introspect | introspect.py | RFC 7662, RFC 9701 |
| /logout | logout.py, backchannel.py, frontchannel.py | OIDC RP-Initiated, Back-Channel, Front-Channel Logout 1.0 |

A request to /authorize goes: `idp/parameters.py` (syntax) -> `par.py`, `jar.py` (what the client pushed or signed) ->
`target.py` (client and redirect address, proved first; until then an error is a page) -> `rules.py` (one function a
parameter; `claims_parameter.py` for the one that is JSON) -> `provider.py` (pyop's validators and orchestration) ->
`request.py` (what was proved, as it travels on) -> `authorize.py` (a code in one guarded write under the
session's leg, which `legs.py` names, or a transaction for `idp.login`).

A request to /token goes: `client_auth.py` (who asks; `assertion.py` where a JWT says so, with `client_secrets.py` for
those that secrets sign; `mtls.py` where a certificate does) -> `dpop.py` (the key it shows, RFC 9449) -> a file of
`grants/` -> `redemption.py` (what a citizen granted on a page) -> `tokens.py` (the answer); `grant.py` is what the
store keeps of it, `access.py` the access tokens, `families.py` the refresh tokens of one grant, `confirmation.py` the
key that a token is bound to. At a resource `presentation.py` asks for that key.

`resources.py` are the servers that other access tokens are for, `reach.py` which of them a grant names (RFC 8707)
and with which `authorization_details.py` (RFC 9396), and `resource_tokens.py` those tokens (RFC 9068), of which
`resource_record.py` is what is kept.

What is asked by one device and answered in a browser on another goes: `device.py` or `ciba.py` -> `awaited.py` (what
waits; `inbox.py`, for whom) -> `elsewhere.py` (the front door to the sign-in) -> `ping.py` (the client is told that
there is an answer) -> `polling.py` (one poll gets the tokens). `side_door.py` puts it together.

When a session ends: `backchannel.py` tells at once, and `frontchannel.py` by way of the browser; `ledger.py` keeps what
came of it, `retelling.py` tells again; `telling.py` puts them together.

`client.py` is a relying party, `registration/` proves its metadata (`fapi2.py` all that its profile asks), `clients.py`
keeps it, `configured.py` brings many from a file, `client_keys.py` knows its public keys, and `origins.py` the pages
that may read our answers. `scopes.py` says which claims a scope stands for, `subjects.py` by what a client knows a
citizen and his session. `keys.py` and `jws.py` sign, `jwe.py` encrypts, `envelope.py` makes those answers that are
JWTs, `jarm.py` those of /authorize, `numeric_date.py` reads a JWT's times; no JWT is ever given to pyop.
`withdrawal.py` ends what clients can reach. `call.py` is what a client's server sends. `views/` puts it all on its
addresses, `front_door.py` puts it together.
"""
