"""Records: what must outlive every process. SQLAlchemy Core over SQLite (embedded) or PostgreSQL; no other package
imports SQLAlchemy.

    schema.py       the tables; migrations/ how they came to be; upgrade.py runs those
    engines.py      connections; database.py reads and transactions; quick.py one row for every hop
    errors.py       what they all raise
    records.py      `Records`, the bundle of repositories, and `open_records`
    clients.py resources.py keys.py secrets.py citizens.py credentials.py consents.py families.py audit.py logouts.py
    imports.py citizen_codes.py service_providers.py metadata_sources.py
                    one repository each: prepared statements, frozen rows, verbs named for their guarantee
    sealed.py       walking over all sealed values, for re-keying

Repositories store what they are given: sealing and its keys are `idp.vault`'s, the meaning of documents is their
owners'. `tests/contracts/test_records_*.py` is the contract, run over both databases with parallel callers.
"""
