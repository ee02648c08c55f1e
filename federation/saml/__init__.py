"""The language of SAML 2.0: what an identity provider and a service provider say to each other, read and written.

Knows no web framework, no store and no clock; both our sides speak it: `idp.saml` towards service providers, the
connectors towards provinces.

names.py          what the specifications call things
name_id.py        by what a person is named
authn_request.py  what a service provider asks
logout.py         the end of a session, asked and answered
metadata/         what entities publish about themselves
"""
