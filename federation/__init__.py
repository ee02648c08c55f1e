"""Trust between organisations, and the only way out to them. Knows no web framework and no store.

    fetch.py   the only outbound HTTP: time-outs, size caps, address checks

This is the lowest of our layers: it imports libraries and nothing of ours. `connectors` and `idp` import it.
"""
