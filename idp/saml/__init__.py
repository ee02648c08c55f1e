"""Front door two: service providers that speak SAML 2.0. An adapter onto `idp.login` and `idp.sessions`, as `idp.oidc`
is; the language itself is `federation.saml`'s.

Who a service provider is, and we to it:

service_provider.py  a service provider: its metadata, and what an operator set of it
terms.py             what an operator sets, as JSON, in and out
directory.py         looks service providers up
derived.py           what follows from one alone, worked out once
naming.py            by what they know a citizen, and his session
keys.py              our keys towards service providers
own_metadata.py      what we say of ourselves

What comes from them, and what is answered:

senders.py           who sent a message, proved
sso/                 single sign-on
leaving/             single logout
views/               the endpoints; addresses.py where they are
front_door.py        puts the parts together

How their metadata gets here:

registry.py          adds, changes and removes them, for an operator's verbs
sources.py           where metadata comes from over the network
refreshing.py        that it is asked again, verified and split
rounds.py            the sources whose turn it is; what those who watch are told
on_demand.py         service providers brought when they are first asked for (MDQ)
"""
