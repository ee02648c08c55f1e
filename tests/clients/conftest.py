"""One running provider for all clients of a test process, over real HTTP on loopback, and a citizen at a browser.

Registration takes initial access tokens. `told` is where logout tokens come to, `pinged` where pings do,
`apache_port` where Apache will be, `mtls_port` where it will ask clients for certificates, `site` where a SAML service
provider will be, and what its operator has at hand.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from idp.oidc.register import InitialTokens
from tests.support.canary import NO_CONTENT, Canary, canary
from tests.support.documented_sites import Where
from tests.support.listener import Listener, listening
from tests.support.processes import free_port
from tests.support.provider import Person, Provider
from tests.support.serving import served
from tests.support.surfer import Surfer
from tests.support.tls_proxy import MTLS, SETTINGS


@dataclass(frozen=True)
class Place:
    """The provider as clients find it, its stores, and a citizen it knows."""

    issuer: str
    provider: Provider
    person: Person
    logouts: Listener
    pinged: Canary
    apache_port: int
    mtls_port: int
    site: Where

    @property
    def apache(self) -> str:
        return f"http://localhost:{self.apache_port}"

    def initial_token(self) -> str:
        """What an operator gives a developer: `idp client token`."""
        services = self.provider.services
        return InitialTokens(services.state, services.randomness).issue(600)

    def surfer(self) -> Surfer:
        return Surfer(self.issuer, self.apache)

    @property
    def port(self) -> int:
        """Of `idp serve` itself."""
        return int(self.issuer.rpartition(":")[2])


@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port, apache_port, mtls_port, site_port = free_port(), free_port(), free_port(), free_port()
    issuer = f"http://127.0.0.1:{port}"
    with listening() as logouts, canary([NO_CONTENT]) as pinged:
        variables = SETTINGS | {
            "IDP_ISSUER": issuer,
            "IDP_OUTBOUND_ALLOW": ",".join(
                [logouts.place, *(f"localhost:{each}" for each in (apache_port, pinged.port, site_port))]
            ),
            "IDP_MTLS_ORIGIN": f"https://{MTLS}:{mtls_port}",
        }
        with served(tmp_path_factory.mktemp("clients"), workers=1, port=port, **variables) as running:
            site = Where(issuer, running.environment, site_port)
            person = running.provider.citizen()
            yield Place(issuer, running.provider, person, logouts, pinged, apache_port, mtls_port, site)


@pytest.fixture
def told(place: Place) -> Listener:
    """The address for logout tokens; nothing came yet."""
    place.logouts.told.clear()
    return place.logouts


@pytest.fixture(scope="package")
def citizen(place: Place) -> Surfer:
    """Signed in from the first portal on that asks."""
    return place.surfer()


Arrive = Callable[[str], str]


@pytest.fixture
def arrive(place: Place, citizen: Surfer) -> Arrive:
    """The citizen follows a portal's request and agrees; the address that the answer leads to."""
    return lambda url: citizen.arrive(url, place.person)
