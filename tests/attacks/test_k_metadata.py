"""K. Who has a part in metadata, or in its way here: members of a federation, a server that has old copies."""

import base64
import datetime
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from federation.saml.credentials import LARGEST_RSA_BITS, UnusableKey, public_key
from federation.saml.metadata.document import MAX_BYTES, one_service_provider
from federation.saml.metadata.elements import MAX_LANGUAGES
from federation.saml.metadata.reading import MAX_KEYS
from idp.saml.refreshing import MDQ_AT_ONCE, OLDER_SECONDS, Refreshed, RefreshFailed, as_stored, due
from idp.saml.service_provider import party_id_of
from idp.saml.sources import AGGREGATE, ENTITY, MDQ, Source
from tests.support.clock import FrozenClock
from tests.support.key_server import KeyServer, key_server
from tests.support.provider import Provider, running_provider, settings_for
from tests.support.saml_messages import rsa_peer
from tests.support.service_provider import TestedProvider
from tests.support.sp_metadata import at, entities, entity, signed

DAY = 86_400
FEDERATION = rsa_peer()
OLD, NEW = "https://taken-back.example/acs", "https://new.example/acs"


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        yield running


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock, server: KeyServer) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path, IDP_OUTBOUND_ALLOW=server.allowed), clock) as running:
        yield running


class Network:
    """A source of metadata, as whoever has it in his hands."""

    def __init__(self, provider: Provider, server: KeyServer) -> None:
        self.provider = provider
        self.services = provider.services
        self.clock = provider.clock
        self.server = server

    def source(self, kind: str, name: str = "province") -> None:
        self.services.metadata_sources.save(Source(name, kind, self.server.at("m"), (FEDERATION.certificate,)))

    def aggregate(self, *those: str, until: float) -> None:
        self.server.publish(signed(entities("".join(those), f'validUntil="{at(until)}"'), FEDERATION))

    def alone(self, entity_id: str, until: float, acs: str = OLD) -> None:
        self.server.publish(signed(entity(entity_id, acs=acs, attributes=f'validUntil="{at(until)}"'), FEDERATION))

    def refresh(self, name: str = "province", *, force: bool = False) -> Refreshed:
        known = self.services.metadata_sources.find(name)
        assert known is not None
        return self.services.refreshing.refresh(known, force=force)

    def place(self, entity_id: str) -> str | None:
        self.clock.advance(1)
        found = self.services.service_providers.get(entity_id)
        return found.entity.assertion_consumers[0].location if found else None


@pytest.fixture
def network(provider: Provider, server: KeyServer) -> Network:
    return Network(provider, server)


def sp(number: int) -> str:
    return f"https://sp{number}.example/saml"


# -- what was taken back is not said again -----------------------------------------------------------------------------


def test_k_an_older_copy_of_an_aggregate_is_refused_though_it_is_still_good(network: Network) -> None:
    network.source(AGGREGATE)
    now = network.clock.now()
    network.aggregate(entity(sp(1), acs=NEW), until=now + 7 * DAY)
    network.refresh()
    network.aggregate(entity(sp(1), acs=OLD), until=now + 7 * DAY - OLDER_SECONDS - 1)
    with pytest.raises(RefreshFailed, match="--force"):
        network.refresh()
    assert network.place(sp(1)) == NEW
    network.refresh(force=True)
    assert network.place(sp(1)) == OLD


def test_k_one_server_of_several_may_be_behind_another(network: Network) -> None:
    network.source(AGGREGATE)
    now = network.clock.now()
    network.aggregate(entity(sp(1), acs=OLD), until=now + 7 * DAY)
    network.refresh()
    network.aggregate(entity(sp(1), acs=NEW), until=now + 6 * DAY)
    network.refresh()
    assert network.place(sp(1)) == NEW


def test_k_an_older_copy_of_one_service_providers_own_is_refused(network: Network) -> None:
    name, now = party_id_of(sp(1)), network.clock.now()
    network.source(ENTITY, name)
    network.alone(sp(1), now + 7 * DAY, acs=NEW)
    network.refresh(name)
    network.alone(sp(1), now + 5 * DAY)
    with pytest.raises(RefreshFailed, match="older"):
        network.refresh(name)
    assert network.place(sp(1)) == NEW


def test_k_an_older_copy_that_was_asked_for_alone_is_refused(network: Network) -> None:
    network.source(MDQ)
    network.alone(sp(1), network.clock.now() + 7 * DAY, acs=NEW)
    assert network.place(sp(1)) == NEW
    network.clock.advance(3601)
    network.alone(sp(1), network.clock.now() + 5 * DAY)
    with pytest.raises(RefreshFailed, match="older"):
        network.refresh()
    assert network.place(sp(1)) == NEW


# -- one member and the others -----------------------------------------------------------------------------------------


def test_k_one_whose_metadata_will_not_do_does_not_keep_others_from_their_turn(network: Network) -> None:
    """Else a key that another takes back stays good for as long as the last copy is."""
    network.source(MDQ)
    for number in (1, 2):
        network.alone(sp(number), network.clock.now() + 7 * DAY)
        assert network.place(sp(number)) == OLD
    network.clock.advance(3601)
    network.alone(sp(2), network.clock.now() + 7 * DAY, acs=NEW)  # whoever asks for the first is told this, too
    assert network.refresh() == Refreshed(2, 1, 0, 1)
    assert (network.place(sp(1)), network.place(sp(2))) == (OLD, NEW)
    assert network.refresh() == Refreshed(2, 0, 0, 0)


def test_k_whoever_has_many_asked_for_does_not_put_off_the_turn_of_others(network: Network) -> None:
    """Anybody can have any member of a federation asked for."""
    network.source(MDQ)
    refreshing, records = network.services.refreshing, network.services.records
    for number in range(MDQ_AT_ONCE + 1):
        one = one_service_provider(entity(sp(number)).encode())
        records.service_providers.put(as_stored(one, "province", int(network.clock.now())))
    network.clock.advance(3601)
    network.server.publish(b"", 404)
    assert network.refresh().gone == MDQ_AT_ONCE
    known = network.services.metadata_sources.find("province")
    assert known is not None
    assert due(known, network.clock.now() + 1)
    assert refreshing.refresh(known).gone == 1
    known = network.services.metadata_sources.find("province")
    assert known is not None
    assert not due(known, network.clock.now() + 1)


def test_k_an_entity_of_an_aggregate_is_no_longer_than_one_that_comes_alone(network: Network) -> None:
    """The schema looks at a list in a time that grows with its square: an entity of 20 MB takes ten minutes, in which
    nothing else is refreshed."""
    network.source(AGGREGATE)
    formats = "<md:NameIDFormat>urn:a</md:NameIDFormat>" * (MAX_BYTES // 40)
    network.aggregate(entity(sp(1), within=formats), entity(sp(2)), until=network.clock.now() + DAY)
    assert network.refresh() == Refreshed(1, 1, 0, 1)
    assert network.place(sp(1)) is None


def test_k_names_in_thousands_of_languages_are_not_kept() -> None:
    """They would go with each citizen's sign-out, and stay in the memory of workers."""
    names = "".join(f'<mdui:DisplayName xml:lang="en-{n:x}">x</mdui:DisplayName>' for n in range(3_000))
    told = f"<md:Extensions><mdui:UIInfo>{names}</mdui:UIInfo></md:Extensions>"
    found = one_service_provider(entity(extensions=told, within="<md:NameIDFormat>urn:a</md:NameIDFormat>").encode())
    assert len(found.about.names) == MAX_LANGUAGES


# -- keys ------------------------------------------------------------------------------------------------------------


def test_k_certificates_are_counted_and_not_only_their_places() -> None:
    """Each is read anew for every request that somebody makes in the name of the entity."""
    document = entity(keys=[FEDERATION.certificate])
    one = f"<ds:X509Certificate>{FEDERATION.certificate}</ds:X509Certificate>"
    found = one_service_provider(document.replace(one, one * (MAX_KEYS + 1)).encode())
    assert len(found.keys) == MAX_KEYS


@pytest.mark.parametrize(
    ("bits", "exponent"),
    [(LARGEST_RSA_BITS + 8, 65_537), (32_768, 65_537), (3_072, (1 << 3_070) + 1), (2_048, (1 << 32) + 1)],
)
def test_k_an_rsa_key_that_takes_others_time_is_no_key(bits: int, exponent: int) -> None:
    with pytest.raises(UnusableKey):
        public_key(certificate(bits, exponent))


def test_k_a_service_provider_with_a_key_that_openssl_does_not_encrypt_to_gets_no_error_of_ours(
    provider: Provider,
) -> None:
    sp, visitor = TestedProvider(provider), provider.visitor()
    told = entity(sp.entity_id, acs=sp.acs, keys=[certificate(32_768, 65_537)])
    provider.service_provider(told.replace("<md:KeyDescriptor>", '<md:KeyDescriptor use="encryption">'))
    assert sp.hears(visitor.get(sp.address())).statuses == ["Responder", "RequestUnsupported"]


@cache
def certificate(bits: int, exponent: int) -> str:
    """Of an RSA key that nobody has the other half of."""
    modulus = (1 << (bits - 1)) + 1
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    issued = x509.CertificateBuilder(
        *(name, name, rsa.RSAPublicNumbers(exponent, modulus).public_key(), 1),
        *(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)),
    ).sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    return base64.b64encode(issued.public_bytes(serialization.Encoding.DER)).decode()
