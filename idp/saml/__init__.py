"""Front door two: service providers that speak SAML 2.0. An adapter onto `idp.login` and `idp.sessions`, as `idp.oidc`
is; the language itself is `federation.saml`'s.

service_provider.py  a service provider: its metadata, and what an operator set of it
terms.py             what an operator sets, as JSON, in and out
directory.py         looks service providers up
derived.py           what follows from one alone, worked out once
keys.py              our keys towards service providers
senders.py           who sent a message, proved
naming.py            by what they know a citizen, and his session
sso/                 single sign-on
leaving/             single logout
front_door.py        puts the parts together
views/               the endpoints; addresses.py where they are
own_metadata.py      what we say of ourselves
sources.py           where metadata comes from over the network
refreshing.py        that it is asked again, verified and split
rounds.py            the sources whose turn it is; what those who watch are told
on_demand.py         service providers brought when they are first asked for (MDQ)
registry.py          adds, changes and removes them, for an operator's verbs
"""
