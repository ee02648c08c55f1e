"""Who the citizens are, and by which names each relying party knows them.

    citizen.py      a citizen and the profile, as the rest of the system sees them
    number.py       identity numbers: GB 11643 and the permits of its form; masked wherever they print
    pseudonyms.py   subject identifiers (`sub`) and session identifiers (`sid`), a different one for every sector

Next door: `idp.storage.records` keeps citizens, `idp.vault` seals them, `idp.login` finds out who is here now.
"""
