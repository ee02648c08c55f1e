"""One file a grant, read beside its RFC. What all grants share (syntax, client authentication, policy) stands in
`idp.oidc.token`.

    authorization_code.py  a code for tokens, once (RFC 6749 section 4.1.3)
    client_credentials.py  a client for itself (RFC 6749 section 4.4)
    token_exchange.py      a token for another at another resource (RFC 8693)
    refresh_token.py       the next tokens of a family (RFC 6749 section 6)
    device_code.py         tokens for a device that waited for its citizen (RFC 8628 section 3.4)
    ciba.py                tokens for a service whose citizen answered elsewhere (CIBA Core section 10.1)
"""
