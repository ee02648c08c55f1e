"""Client metadata (OIDC Registration 1.0, RFC 7591): from JSON to a `Client`, each member by a rule of its own.

clients.py          registers clients and keeps them
configured.py       brings many from a file, all or none
registrar.py        the members together, and back to JSON
members.py          one member: its type and its limits
notice.py           what citizens are told
signing.py          what it signs, and with which keys
binding.py          what its tokens are bound to, and the name of its certificate
safeguards.py       what an operator set that its developer may not weaken
answers.py          how what we answer is protected
ciba.py             how a client asks for citizens elsewhere
statement.py        what somebody trusted has signed of the software
sector.py           which clients know a citizen by the same name
resource_server.py  a resource server from JSON, and back
addresses.py        where answers may go, and what citizens are pointed to
"""
