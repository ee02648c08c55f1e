"""K. One sign-in behind two front doors: what comes to one changes nothing at the other, and who is nobody grows
nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FrozenClock
from tests.support.provider import ISSUER, Provider, running_provider, settings_for
from tests.support.service_provider import TestedProvider

BROWSER = "__Host-idp-browser"


@pytest.fixture
def provider(tmp_path: Path, clock: FrozenClock) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path), clock) as running:
        yield running


@pytest.fixture
def sp(provider: Provider) -> TestedProvider:
    return TestedProvider(provider)


def test_k_another_sites_form_does_not_part_a_browser_from_the_sign_in_of_another_tab(
    provider: Provider, sp: TestedProvider
) -> None:
    """Such a form comes without our cookies; a new one in its answer would take the old one's place."""
    client, person, visitor = provider.client(), provider.citizen(), provider.visitor()
    page = visitor.authorize(client)
    kept = visitor.http.get_cookie(BROWSER, "id.example")
    assert kept is not None
    foreign = provider.visitor().http.post("/saml/sso", base_url=ISSUER, data=sp.fields())
    assert foreign.status_code == 303
    assert "Set-Cookie" not in foreign.headers
    sp.posts(visitor, sp.fields())
    after = visitor.http.get_cookie(BROWSER, "id.example")
    assert after is not None
    assert after.value == kept.value
    assert visitor.password(page, person).status_code == 200
