"""Metadata of many service providers: how long one signed aggregate takes to be fetched, verified and put into SQL,
what a look-up costs then, and what all of them weigh in a worker."""

import statistics
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from idp.app import Services, build_services
from idp.clock import SystemClock
from idp.config import load_settings
from idp.running.preparing import prepare_directory
from idp.saml.service_provider import party_id_of
from idp.saml.sources import AGGREGATE, Source
from idp.secrets import SystemRandomness
from tests.bench.load import once
from tests.bench.machine import Memory, Processors, memory
from tests.bench.serving import serving
from tests.bench.walks import Place, Walk
from tests.support.key_server import key_server
from tests.support.processes import free_port
from tests.support.saml_messages import rsa_peer
from tests.support.sp_metadata import at, entities, entity, signed

NAME = "federation"
MEMBERS = (1_850, 10_000)
BAR_SECONDS, BAR_MEMBERS = 2.0, 1_850
_WORDS = 465
"""Letters of each entity's description, so that 1,850 entities have 10 MB, as in a federation of today."""
_UI = (
    '<md:Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="zh-CN">社会保险</mdui:DisplayName>'
    f'<mdui:Description xml:lang="zh-CN">{"述" * _WORDS}</mdui:Description></mdui:UIInfo></md:Extensions>'
)
_LOOK_UPS = 1_000


@dataclass(frozen=True, slots=True)
class Federation:
    """Seconds of the first refresh and of one that found nothing new; microseconds of a look-up that is in no worker's
    memory; the worker's memory before the aggregate was known and after one of its members came."""

    members: int
    megabytes: float
    seconds: float
    again: float
    microseconds: float
    before: Memory
    after: Memory

    @property
    def missed(self) -> bool:
        """Whether it takes longer than two seconds for 1,850 members, and in proportion, or a look-up a millisecond."""
        return self.seconds > BAR_SECONDS * max(self.members / BAR_MEMBERS, 1) or self.microseconds > 1_000


def entity_id(number: int) -> str:
    return f"https://sp{number}.example/saml"


def aggregate(members: int) -> bytes:
    """Signed, with a key of each member's."""
    keys = [rsa_peer(1).certificate]
    inner = "".join(entity(entity_id(number), keys=keys, extensions=_UI) for number in range(members))
    return signed(entities(inner, f'validUntil="{at(time.time() + 86_400)}"'), rsa_peer())


def federation(folder: Path, members: int, processors: Processors, say: Callable[[str], None]) -> Federation:
    """Serve beside one; the refresh is made here, as the process that keeps house makes it."""
    here, port = folder / f"metadata-{members}", free_port()
    here.mkdir()
    document = aggregate(members)
    say(f"metadata of {members:,} service providers, {len(document) / 1e6:.1f} MB")
    with key_server() as server:
        server.publish(document)
        variables = {"IDP_ISSUER": f"http://127.0.0.1:{port}", "IDP_DATA_DIR": str(here)}
        variables["IDP_OUTBOUND_ALLOW"] = server.allowed
        settings = load_settings(variables)
        prepare_directory(settings, SystemRandomness(), SystemClock())
        command = ["idp.cli", "serve", "--port", str(port), "--workers", "1"]
        with closing(build_services(settings)) as services:
            services.ensure_keys()
            with serving(command, port, here / "serve.log", processors, variables) as worker:
                once(port, _come(port, members))
                before = memory(worker)
                services.metadata_sources.save(
                    Source(NAME, AGGREGATE, server.at("metadata"), (rsa_peer().certificate,))
                )
                first, again = refresh(services), refresh(services)
                time.sleep(1.1)  # workers ask once a second whether something changed
                once(port, _come(port, 1))
                after = memory(worker)
            return Federation(members, len(document) / 1e6, first, again, look_up(services, members), before, after)


def refresh(services: Services) -> float:
    """Seconds."""
    known = services.metadata_sources.find(NAME)
    if known is None:
        raise LookupError(NAME)
    begun = time.perf_counter()
    services.refreshing.refresh(known)
    return time.perf_counter() - begun


def look_up(services: Services, members: int) -> float:
    """Microseconds for one service provider that is not in memory, the median of many."""
    taken = []
    for number in range(0, members, max(1, members // _LOOK_UPS)):
        party_id = party_id_of(entity_id(number))
        begun = time.perf_counter()
        services.records.service_providers.find(party_id)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1e6


def federation_line(found: Federation) -> str:
    return (
        f"metadata of {found.members:,} service providers, {found.megabytes:.1f} MB: refreshed in {found.seconds:.2f} "
        f"s, again with nothing new in {found.again:.2f} s;\na look-up takes {found.microseconds:.0f} us of SQL; the "
        f"worker's RSS {found.before.resident:.1f} -> {found.after.resident:.1f} MiB"
    )


def _come(port: int, number: int) -> Walk:
    """Somebody is sent here to begin a sign-in at a service provider, and is shown a page, whichever."""
    yield Place(port, "", "").get(f"/saml/start?sp={entity_id(number)}")
