"""Records: what must outlive every process. SQLAlchemy Core over SQLite (embedded) or PostgreSQL; no other package
imports SQLAlchemy.

    schema.py       the tables; migrations/ how they came to be; upgrade.py runs those
    engines.py      connections; database.py reads, transactions and errors; quick.py one row for every hop
    records.py      `Records`, the bundle of repositories, and `open_records`
    clients.py keys.py secrets.py citizens.py credentials.py consents.py families.py audit.py imports.py
                    one repository each: prepared statements, frozen rows, verbs named for their guarantee
    sealed.py       walking over all sealed values, for re-keying

Repositories store what they are given: sealing and its keys are `idp.vault`'s, the meaning of documents is their
owners'. `tests/contracts/test_records_*.py` is the contract, run over both databases with parallel callers.
"""

from idp.storage.records.audit import AuditEvent, StoredEvent
from idp.storage.records.citizens import Enrolment, Known, StoredCitizen, StoredIdentifier
from idp.storage.records.clients import StoredClient
from idp.storage.records.consents import ConsentPeriod, StoredConsent
from idp.storage.records.credentials import LoginRow, StoredPassword
from idp.storage.records.errors import Changed, IdentifierTaken, NotFound, RecordsError, RecordsUnavailable
from idp.storage.records.families import Family, RefreshReused
from idp.storage.records.imports import ImportCheckpoint
from idp.storage.records.keys import StoredKey
from idp.storage.records.records import Records, open_records
from idp.storage.records.sealed import Resealed, SealedValue
from idp.storage.records.upgrade import is_current, upgrade

__all__ = [
    "AuditEvent",
    "Changed",
    "ConsentPeriod",
    "Enrolment",
    "Family",
    "IdentifierTaken",
    "ImportCheckpoint",
    "Known",
    "LoginRow",
    "NotFound",
    "Records",
    "RecordsError",
    "RecordsUnavailable",
    "RefreshReused",
    "Resealed",
    "SealedValue",
    "StoredCitizen",
    "StoredClient",
    "StoredConsent",
    "StoredEvent",
    "StoredIdentifier",
    "StoredKey",
    "StoredPassword",
    "is_current",
    "open_records",
    "upgrade",
]
