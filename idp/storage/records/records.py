"""All repositories over one database, and how to open them."""

from dataclasses import dataclass

from sqlalchemy import text

from idp.storage.records.audit import AuditRecords
from idp.storage.records.citizen_codes import CitizenCodeRecords
from idp.storage.records.citizens import CitizenRecords
from idp.storage.records.clients import ClientRecords
from idp.storage.records.consents import ConsentRecords
from idp.storage.records.credentials import CredentialRecords
from idp.storage.records.database import Database
from idp.storage.records.engines import connect
from idp.storage.records.families import FamilyRecords
from idp.storage.records.imports import ImportRecords
from idp.storage.records.keys import KeyRecords
from idp.storage.records.logouts import LogoutRecords
from idp.storage.records.metadata_sources import MetadataSourceRecords
from idp.storage.records.resources import ResourceRecords
from idp.storage.records.sealed import SealedRecords
from idp.storage.records.secrets import SecretRecords
from idp.storage.records.service_providers import ServiceProviderRecords
from idp.storage.records.upgrade import is_current, upgrade

_PING = text("SELECT 1")


@dataclass(frozen=True, slots=True)
class Records:
    """The repositories over one database. Every verb of theirs raises `RecordsUnavailable` when it does not answer, and
    does not say so."""

    database: Database
    clients: ClientRecords
    resources: ResourceRecords
    service_providers: ServiceProviderRecords
    metadata_sources: MetadataSourceRecords
    keys: KeyRecords
    secrets: SecretRecords
    citizens: CitizenRecords
    credentials: CredentialRecords
    citizen_codes: CitizenCodeRecords
    consents: ConsentRecords
    families: FamilyRecords
    audit: AuditRecords
    logouts: LogoutRecords
    imports: ImportRecords
    sealed: SealedRecords

    def ping(self) -> None:
        """Raises `RecordsUnavailable`."""
        self.database.one(_PING, {})

    def close(self) -> None:
        """Give all connections back; nothing can be read or written afterwards."""
        self.database.close()


def open_records(url: str, pool: int = 8) -> Records:
    """Open `sqlite:///path` or `postgresql+psycopg://…` with at most `pool` connections that read and as many that
    write.

    An embedded database is made and upgraded here. One that many workers share is upgraded by `upgrade`, when its
    operator decides. Raises `RecordsUnavailable` if an embedded one cannot be opened; whether another can is seen at
    its first use.
    """
    if url.startswith("sqlite") and not is_current(url):
        upgrade(url)
    database = connect(url, pool)
    return Records(
        database=database,
        clients=ClientRecords(database),
        resources=ResourceRecords(database),
        service_providers=ServiceProviderRecords(database),
        metadata_sources=MetadataSourceRecords(database),
        keys=KeyRecords(database),
        secrets=SecretRecords(database),
        citizens=CitizenRecords(database),
        credentials=CredentialRecords(database),
        citizen_codes=CitizenCodeRecords(database),
        consents=ConsentRecords(database),
        families=FamilyRecords(database),
        audit=AuditRecords(database),
        logouts=LogoutRecords(database),
        imports=ImportRecords(database),
        sealed=SealedRecords(database),
    )
