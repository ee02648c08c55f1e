"""One file a grant, read beside its RFC. What all grants share (syntax, client authentication, policy) stands in
`idp.oidc.token`."""
