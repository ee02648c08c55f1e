"""The language of SAML 2.0: what an identity provider and a service provider say to each other, read and written.

Knows no web framework, no store and no clock; both our sides speak it: `idp.saml` towards service providers, the
connectors towards provinces.

names.py          what the specifications call things
name_id.py        by what a person is named

What comes is read in this order, and in no other:

xml.py            bytes to elements: the only parser
schema.py         an element is what its name says, or is not read; `grammar/` has our RELAX NG
verifying.py      what was signed and by whom; only the bytes that were hashed go on
arriving.py       what came by redirect, POST and SOAP, unread until it is proved
reading.py        what the elements of a message say
conditions.py     for us, and of now

authn_request.py  what a service provider asks
logout.py         the end of a session, asked and answered: read and written
artifact.py       a reference in place of a message, fetched by SOAP: read and written
metadata/         what entities publish about themselves

What we write is text that is canonical as it stands:

algorithms.py     which we use, and the choice from what the other names
credentials.py    our keys: what signs, what opens, how one is made
writing.py        the two escapers, and what keeps text canonical
signing.py        XML Signature on such text
assertion.py      what is said of a person
response.py       the answer to an AuthnRequest; statuses
encryption.py     an assertion or a name for one recipient only
redirecting.py    a message in the query of an address
soap.py           a message in an envelope
"""
