"""The identity provider: what citizens, browsers and relying parties meet.

    app.py, http.py        the composition root; the one place where an exception becomes a response
    config.py              frozen settings, validated once at start
    clock.py, secrets.py   time and randomness, handed in; digests at rest; equality in constant time
    codec.py               frozen dataclasses to JSON and back
    citizens/              number (GB 11643), registry, pseudonyms
    login/                 between "somebody asks" and "we know who, and how surely"; knows no protocol
    sessions.py            the SSO session and its legs; who must be told at logout
    oidc/                  front door one: OpenID Connect
    storage/               records (SQL) and state (everything that expires), each behind a contract
    audit/                 what happened, in order, without secrets
    pages.py               renders `templates/`, which installs as `idp.templates`
    cli, serve.py, check.py, metrics.py, demo/   running it

Imports point one way: admin -> idp -> connectors -> federation -> libraries. Only app.py may import upward.
Next door: `connectors` speaks to the systems of others, `federation` holds what organisations say to each other,
`admin` operates it all.
"""
