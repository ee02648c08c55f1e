"""Settings -> stores -> services: what is the same for the endpoints (`idp.app`) and for an operator's verbs."""

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from federation.fetch import Fetcher
from idp.citizens.registry import Citizens
from idp.clock import Clock, SystemClock
from idp.config import Settings
from idp.login.password import Passwords
from idp.login.recovery import Recovery
from idp.oidc import discovery
from idp.oidc.clients.client_secrets import ClientSecrets
from idp.oidc.clients.directory import ClientDirectory
from idp.oidc.jose.keys import KeyRing
from idp.oidc.provider import Engine
from idp.oidc.registration.clients import Clients
from idp.oidc.registration.registrar import Registrar
from idp.oidc.registration.sector import Sectors
from idp.oidc.registration.statement import SoftwareStatements, read_issuers
from idp.oidc.resources.resources import ResourceDirectory, Resources
from idp.saml.directory import ServiceProviders
from idp.saml.keys import SamlKeys
from idp.saml.on_demand import OnDemand
from idp.saml.refreshing import Refreshing
from idp.saml.sources import Sources
from idp.secrets import SHARDS, Randomness, SystemRandomness
from idp.sessions import Limits, Sessions
from idp.storage.open import open_state
from idp.storage.records.records import Records, open_records
from idp.storage.state import Event, StateStore
from idp.vault import Vault, open_vault
from idp.vault.contexts import secret_context
from idp.vault.master_keys import BadMasterKeys, MasterKeys
from idp.versions import Versions

DEFAULT_SCOPE: Final = ("openid", "profile")
"""What a client may ask that does not say so at registration."""
_SECRET_BYTES: Final = 32

OpenState = Callable[[str, Clock], StateStore]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """The stores, and what works on them."""

    settings: Settings
    clock: Clock
    randomness: Randomness
    state: StateStore
    records: Records
    vault: Vault
    secret: Callable[[str], bytes]
    """A random secret by its name, which lives in the records, sealed, and is made when it is first asked for."""
    versions: Versions
    citizens: Citizens
    passwords: Passwords
    recovery: Recovery
    sessions: Sessions
    directory: ClientDirectory
    service_providers: ServiceProviders
    engine: Engine
    client_secrets: ClientSecrets
    clients: Clients
    resource_directory: ResourceDirectory
    resources: Resources
    keys: KeyRing
    saml_keys: SamlKeys
    fetcher: Callable[[], Fetcher]
    """The way out; made when it is first asked for, because most verbs of the shell call nobody."""

    @property
    def metadata_sources(self) -> Sources:
        """Where metadata of service providers comes from."""
        return Sources(self.records.metadata_sources, self.versions, self.clock)

    @property
    def refreshing(self) -> Refreshing:
        """What asks those again."""
        records = self.records
        return Refreshing(records.metadata_sources, records.service_providers, self.fetcher, self.clock, self.versions)

    def record(self, told: Event) -> None:
        """Tell the audit trail."""
        self.state.queue(SHARDS[0], [told])

    def ensure_keys(self) -> None:
        """Make the keys of ours that are not there yet."""
        self.keys.ensure()
        self.saml_keys.ensure()

    def close(self) -> None:
        self.state.close()
        self.records.close()


def build_services(
    settings: Settings,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    *,
    open_state: OpenState = open_state,
    reads: bool = False,
) -> Services:
    """Open the stores, and what works on them; who only `reads` makes no secret. Raises what each of them raises."""
    clock, randomness = clock or SystemClock(), randomness or SystemRandomness()
    state = open_state(settings.state_url, clock)
    records = open_records(settings.records_url)
    vault = _vault(settings, randomness)
    secret = partial(_known_secret if reads else _secret, records, vault, randomness)
    versions = _versions(state, clock, vault)
    directory = ClientDirectory(records.clients, versions)
    resource_directory = ResourceDirectory(records.resources, versions)
    engine = Engine(_metadata(settings), directory)
    fetcher = cache(partial(Fetcher, settings.outbound_allow, settings.ca_file))
    registrar = Registrar(engine, Sectors(fetcher), _statements(settings, clock), DEFAULT_SCOPE, resource_directory)
    client_secrets = ClientSecrets(cache(partial(secret, "client-secrets")))
    return Services(
        settings=settings,
        clock=clock,
        randomness=randomness,
        state=state,
        records=records,
        vault=vault,
        secret=secret,
        versions=versions,
        citizens=Citizens(records, vault, clock, randomness),
        passwords=Passwords(concurrency=os.cpu_count() or 1),
        recovery=Recovery(records.credentials, cache(partial(secret, "recovery")), clock, randomness),
        sessions=Sessions(state, clock, randomness, _limits(settings)),
        directory=directory,
        service_providers=_service_providers(records, versions, clock, fetcher),
        engine=engine,
        client_secrets=client_secrets,
        clients=Clients(records.clients, registrar, client_secrets, clock, randomness, versions),
        resource_directory=resource_directory,
        resources=Resources(records.resources, clock, versions),
        keys=KeyRing(records.keys, vault, clock, versions),
        saml_keys=SamlKeys(records.keys, vault, clock, versions, settings.issuer),
        fetcher=fetcher,
    )


def _versions(state: StateStore, clock: Clock, vault: Vault) -> Versions:
    versions = Versions(state, clock)
    versions.on_change(partial(_reload, vault))
    return versions


def _service_providers(
    records: Records, versions: Versions, clock: Clock, fetcher: Callable[[], Fetcher]
) -> ServiceProviders:
    sources = Sources(records.metadata_sources, versions, clock)
    refreshing = Refreshing(records.metadata_sources, records.service_providers, fetcher, clock, versions)
    on_demand = OnDemand(sources, refreshing, records.service_providers, clock)
    return ServiceProviders(records.service_providers, versions, clock, on_demand)


def _secret(records: Records, vault: Vault, randomness: Randomness, name: str) -> bytes:
    context = secret_context(name)
    sealed = records.secrets.get_or_create(name, lambda: vault.seal(randomness.bytes(_SECRET_BYTES), context))
    return vault.open(sealed, context)


def _known_secret(records: Records, vault: Vault, randomness: Randomness, name: str) -> bytes:
    """As `_secret`; one that was never made is another each time, and kept nowhere."""
    sealed = records.secrets.get(name)
    return randomness.bytes(_SECRET_BYTES) if sealed is None else vault.open(sealed, secret_context(name))


def _metadata(settings: Settings) -> Mapping[str, object]:
    return discovery.metadata(settings.issuer, settings.registration != "closed", settings.mutual_tls)


def _limits(settings: Settings) -> Limits:
    return Limits(settings.lifetimes.session_idle_seconds, settings.lifetimes.session_absolute_seconds)


def _statements(settings: Settings, clock: Clock) -> SoftwareStatements:
    file = settings.software_statement_issuers
    return SoftwareStatements(read_issuers(file) if file else {}, clock, settings.issuer)


def _vault(settings: Settings, randomness: Randomness) -> Vault:
    if settings.master_key is not None:
        return Vault(MasterKeys.parse(settings.master_key), randomness)
    return open_vault(settings.master_key_file, randomness)


def _reload(vault: Vault) -> None:
    """A spoilt file must not stop a worker that has good keys in memory."""
    try:
        vault.reload()
    except BadMasterKeys as error:
        _log.error("the master key file cannot be read; the keys in memory stay in use", exc_info=error)
