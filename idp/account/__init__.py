"""The citizen's own pages: what was agreed to, with whom, since when; and taking it back (PIPL articles 15 and 47).

    agreements.py  the list, and the withdrawal: of the consent, of tokens, of what sessions carry
    suspending.py  ending all that a citizen has open, and keeping him out
    views.py       /account and /account/withdraw

Knows neither OIDC nor SAML: a front door hands in how to end what it gave to a relying party (`EndsAccess`).
"""
