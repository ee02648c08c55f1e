"""The end of a session at relying parties, whichever front door they came through.

messenger.py   what a front door knows of telling one of its parties; what became of it
telling.py     all told at once, each at its own address
ledger.py      what came of it; retelling.py tells again what failed
withdrawal.py  the end of what relying parties can reach
farewell.py    what is left to say; views.py the page that says it

Knows neither OIDC nor SAML: each front door hands in a `Messenger`.
"""
