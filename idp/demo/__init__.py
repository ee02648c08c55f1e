"""The main job, to be seen on one's own machine: `make demo`.

One provider and two portals that know nothing of each other, started, seeded, explained in one table, and stopped
together.

    run.py            everything of `make demo`, in order
    places.py         the addresses of the three and the files they keep
    programs.py       which programs: the provider and two portals, and their settings
    children.py       programs that are started, watched and stopped together
    seed.py           citizens and clients, put in where they are missing
    citizens.py       four made-up citizens
    explanation.py    what the terminal shows once all is running
    authenticator.py  the citizen's telephone: codes for the citizen who has TOTP

    portal.py         a relying party's addresses: home, sign-in, matters, sign-out
    portal_pages.py   what it shows, and the headers of every page
    relying_party.py  its OpenID Connect side, on Authlib
    logout_token.py   its Back-Channel Logout side
    refusals.py       the two ways in which its talk with the provider fails
    visitors.py       who is signed in at it; kept in the process, known to the browser by a random cookie value
    themes.py         what makes one portal 社会保险 and the other 车辆管理
    words.py          what the pages say, in both languages

The portals are written as a stranger would write them: they know the provider by its issuer and their own registration
alone, and take from this project nothing but time, randomness and JSON. This is Authlib's home, and that of requests,
which it needs.
"""
