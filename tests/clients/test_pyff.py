"""pyFF publishes a federation's metadata: a signed aggregate, and one entity at a time (MDQ), over real HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from idp.clock import SystemClock
from idp.saml.refreshing import RefreshFailed
from idp.saml.sources import AGGREGATE, MDQ, Source
from idp.services import Services, build_services
from tests.support import pyff
from tests.support.clock import FrozenClock
from tests.support.key_server import key_server
from tests.support.processes import free_port
from tests.support.provider import prepare, settings_for
from tests.support.randomness import CountingRandomness
from tests.support.saml_messages import rsa_peer
from tests.support.sp_metadata import entity

FEDERATION, STRANGER = rsa_peer(), rsa_peer(1)
NAMES = {"zh-CN": "社会保险", "en": "Social insurance"}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("federation")
    return pyff.prepared(folder, FEDERATION, [entity(f"https://sp{each}.example/saml") for each in range(3)])


def services_that_reach(directory: Path, *places: str) -> Services:
    settings = settings_for(directory, IDP_OUTBOUND_ALLOW=",".join(places))
    prepare(settings, FrozenClock(), CountingRandomness("pyff"))
    return build_services(settings, SystemClock())


@pytest.fixture
def services(tmp_path: Path, pipeline: Path) -> Iterator[tuple[Services, int]]:
    """With pyFF answering at that port."""
    with pyff.answering(pipeline, "https://sp1.example/saml") as port:
        services = services_that_reach(tmp_path, f"127.0.0.1:{port}")
        yield services, port
        services.close()


def test_an_aggregate_that_pyff_signed(tmp_path: Path, pipeline: Path) -> None:
    with key_server() as server:
        services = services_that_reach(tmp_path, server.allowed)
        server.publish(pyff.aggregate(pipeline))
        source = Source("pyff", AGGREGATE, server.at("metadata.xml"), (FEDERATION.certificate,))
        services.metadata_sources.save(source)
        known = services.metadata_sources.find("pyff")
        assert known is not None
        assert services.refreshing.refresh(known).entities == 3
        found = services.service_providers.get("https://sp2.example/saml")
        assert found is not None
        assert found.party.name == NAMES
        stranger = replace(known, source=replace(source, certificates=(STRANGER.certificate,)))
        with pytest.raises(RefreshFailed, match="signature"):
            services.refreshing.refresh(stranger)
        services.close()


def test_an_entity_that_pyff_is_asked_for(services: tuple[Services, int]) -> None:
    provider, port = services
    provider.metadata_sources.save(Source("pyff", MDQ, f"http://127.0.0.1:{port}", (FEDERATION.certificate,)))
    found = provider.service_providers.get("https://sp1.example/saml")
    assert found is not None
    assert (found.party.name, found.source) == (NAMES, "pyff")
    assert provider.service_providers.get("https://nobody.example/saml") is None
    provider.metadata_sources.save(Source("pyff", MDQ, f"http://127.0.0.1:{port}", (STRANGER.certificate,)))
    assert provider.service_providers.get("https://sp0.example/saml") is None


def test_a_federation_that_is_not_there_is_no_service_provider(tmp_path: Path) -> None:
    port = free_port()
    services = services_that_reach(tmp_path, f"127.0.0.1:{port}")
    services.metadata_sources.save(Source("pyff", MDQ, f"http://127.0.0.1:{port}", (FEDERATION.certificate,)))
    assert services.service_providers.get("https://sp0.example/saml") is None
    services.close()
