"""How fast we are, beside a bare floor: `make bench`, or `python -m tests.bench --help`.

    __main__.py   the options, and what is measured in which order
    rounds.py     floor and ours in turn, round by round, with the same client
    report.py     numbers to one table, and the bars they must reach
    floor.py      the floor: a Flask application with dictionaries, under the same server with the same threads
    provider.py   ours: a real `idp serve` with registered clients and citizens who are signed in
    walks.py      what is measured, as bytes: a hop, a sign-in with a password, the floor's hash
    calls.py      the same for what servers ask in between, and for the hop of FAPI 2.0; calling.py serves it
    leaving.py    a sign-out of fifty portals, one of them dead; measured in this process
    signing.py    Responses of SAML, written and signed, beside the bare signature; in this process too
    turns.py      turns of SAML single sign-on, beside those signatures and the floor; saml.py has them as walks
    pysaml.py     the same turn built with pysaml2
    metadata.py   signed metadata of many service providers, refreshed beside a worker that serves
    load.py       our own load client; wrk.py, hop.lua and turn.lua drive wrk instead
    machine.py    which processor serves and which asks; memory and processor time of a worker
    citizens.py   many stored citizens, made once and kept; clients.py does it for registered clients

One worker has one processor for itself. On the other run the client, Redis and our housekeeper. Nothing is measured
from within: the servers are what they always are.
"""
