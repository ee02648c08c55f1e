"""The end of a session, and how clients are told of it.

logout.py        RP-Initiated Logout 1.0: what a request proves, and what has to be asked first
backchannel.py   Back-Channel Logout 1.0: what a client is told; frontchannel.py by way of the browser
parts.py         the parts of it, put together

Who is told when, and what came of it, is the business of `idp.leaving`.
"""
