"""Single Logout (saml-profiles-2.0-os section 4.4), as the session authority.

endpoints.py      where a service provider hears of it, by which binding
messages.py       what we say, always signed
soap.py           a service provider is told by our server: the `Messenger` of this door
proving.py        what came: from whom, for us, now, and for the first time
held.py           a request by POST, until the browser comes with its cookies
whose.py          the session that a request names, if it is one of the service provider's
single_logout.py  a request carried out
journey.py        what a browser still has to do, kept while it is under way
parts.py          what tells them, put together
onward.py         from one service provider to the next, and what each answers

Who is told when, and what came of it, is the business of `idp.leaving`. A session ends before anybody is told: a
service provider that does not send the browser back leaves an ended session and a ledger that says so.
"""
