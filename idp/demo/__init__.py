"""The main job, to be seen on one's own machine: `make demo`.

One provider and three portals that know nothing of each other, started, seeded, explained in one table, and stopped
together. Two of the portals speak OpenID Connect with it, the third SAML.

    run.py            everything of `make demo`, in order
    places.py         the addresses of the four and the files they keep
    programs.py       which programs: the provider and three portals, and their settings
    children.py       programs that are started, watched and stopped together
    seed.py           citizens and portals, put in where they are missing
    registrations.py  how portals are made known to the provider
    citizens.py       four made-up citizens
    explanation.py    what the terminal shows once all is running
    authenticator.py  the citizen's telephone: codes for the citizen who has TOTP

    portal_app.py     what every portal has: home, matters, errors
    portal_pages.py   what it shows, and the headers of every page
    portal_settings.py  what a portal knows of itself and of the provider
    portal.py         a relying party's addresses: sign-in, sign-out
    relying_party.py  its OpenID Connect side, on Authlib
    logout_token.py   its Back-Channel Logout side
    saml_portal.py    a service provider's addresses
    service_provider.py  its SAML side, on python3-saml
    arrivals.py       assertions that were proved before the browser's cookie came
    refusals.py       the two ways in which its talk with the provider fails
    visitors.py       who is signed in at it; kept in the process, known to the browser by a random cookie value
    themes.py         what makes one portal 社会保险, one 车辆管理 and one 不动产
    words.py          what the pages say, in both languages

The portals are written as a stranger would write them: they know the provider by its issuer and their own registration
alone, and take from this project nothing but time, randomness and JSON. This is the home of Authlib, of python3-saml,
and of requests, by which they ask the provider.
"""
