"""Who the citizens are, and by which names each relying party knows them.

    citizen.py        a citizen and the profile, as the rest of the system sees them
    registry.py       adding, finding and changing citizens
    enrolling.py      from what somebody says of a new citizen to what is kept: proved, completed, sealed
    number.py         identity numbers: GB 11643 and the permits of its form; masked wherever they print
    identifiers.py    what a citizen may type to say who he is
    totp_secret.py    the secret of an authenticator app, as operators and imports give it
    pseudonyms.py     subject identifiers (`sub`) and session identifiers (`sid`), a different one for every sector

    importing.py      citizens by the million, in batches, resumable
    import_rows.py    the lines of a file, JSON or CSV, as new citizens
    import_batch.py   a batch on its way: who can still be added, and who is refused
    import_report.py  the refused lines, beside the imported file

Next door: `idp.storage.records` keeps citizens, `idp.vault` seals them, `idp.login` finds out who is here now.
"""
