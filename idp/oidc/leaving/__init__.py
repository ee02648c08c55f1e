"""The end of a session, and who is told of it.

logout.py        RP-Initiated Logout 1.0: what a request proves, and what has to be asked first
backchannel.py   Back-Channel Logout 1.0: all told at once; frontchannel.py by way of the browser
ledger.py        what came of it; retelling.py tells again what failed
telling.py       these put together
withdrawal.py    the end of what clients can reach
"""
