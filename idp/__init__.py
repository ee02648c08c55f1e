"""The identity provider: what citizens, browsers and relying parties meet.

    app.py        the composition root: services -> endpoints; services.py: settings -> stores -> services
    http/         cookies, headers, exceptions that become responses
    oidc/         front door one: OpenID Connect
    doors.py      both front doors side by side
    saml/         front door two: service providers that speak SAML
    login/        between "somebody asks" and "we know who, and how surely"; knows no protocol
    views.py      the issuer's own addresses: home, help, preferences, health, metrics
    sessions.py   the SSO session and its legs; logouts.py: who must be told that one has ended
    leaving/      relying parties are told that a session has ended
    account/      what a citizen agreed to, taking it back, and ending all a citizen has open
    citizens/     number (GB 11643), registry, import, pseudonyms
    pages/        renders `templates/`, which installs as `idp.templates`
    audit/        what happened, in order, without secrets
    storage/      records (SQL) and state (everything that expires), each behind a contract
    vault/        encryption at rest
    config/       frozen settings, validated once at start
    running/ cli/ demo/ logs.py metrics.py    running it

Small things that all use: clock.py and secrets.py (time and randomness, handed in; digests; equality in constant time),
codec.py (frozen dataclasses to JSON and back), parameters.py (forms and queries, strictly), errors.py (one class for
each registered code), csrf.py, sources.py (who tries too often from one address), pace.py (who comes too fast),
versions.py (what workers keep in memory, and when it is stale), columns.py (tables for a terminal, straight with
Chinese in them).

Imports point one way: admin -> idp -> connectors -> federation -> libraries. Only app.py may import upward.
Next door: `connectors` speaks to the systems of others, `federation` holds what organisations say to each other,
`admin` operates it all.
"""
