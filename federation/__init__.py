"""Trust between organisations, and the only way out to them. Knows no web framework and no store.

    fetch.py      the only outbound HTTP: time-outs, size caps, no redirects
    target.py     a URL taken apart once, strictly, before anything is resolved
    addresses.py  which addresses may be reached
    line.py       one TCP connection to proved addresses, with an end that nobody can put off
    shares.py     threads for calls that may hang, so that one place does not hold up the others
    mapping.py    attributes: one row for each, one column for each who has a word for it
    saml/         the language of SAML 2.0, for both our sides

This is the lowest of our layers: it imports libraries and nothing of ours. `connectors` and `idp` import it.
"""
