"""K. One sign-in behind two front doors: what comes to one changes nothing at the other, and who is nobody grows
nothing."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from federation.saml import names
from idp.codec import encode
from idp.login.transaction import BEGUN, transaction_key
from idp.secrets import digest, shard_for
from idp.sources import Level
from idp.storage.state import Key
from tests.support.clock import FrozenClock
from tests.support.forms import form
from tests.support.provider import ISSUER, Provider, parameters, running_provider, settings_for
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


# -- what is kept for nobody -------------------------------------------------------------------------------------------


def test_k_a_short_request_leaves_no_long_record(provider: Provider, sp: TestedProvider) -> None:
    """A class that is named a thousand times deflates to nothing."""
    many = "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef>"
    context = f"<samlp:RequestedAuthnContext>{many * 1_000}</samlp:RequestedAuthnContext>"
    address = sp.address(sp.request(inner=context))
    assert len(address) < 3_000
    response = provider.visitor().http.get(address, base_url=ISSUER)
    transaction = parameters(response.location)["t"]
    kept = provider.services.state.get(transaction_key(transaction))
    assert kept is not None
    assert len(kept) < 2_000


def test_k_artifacts_that_anybody_can_have_made_are_counted(provider: Provider) -> None:
    place = f'<md:AssertionConsumerService Binding="{names.ARTIFACT}" Location="https://sp.example/a" index="1"/>'
    sp, source = TestedProvider(provider, places=(place,), terms={"artifact": True}), "203.0.113.9"
    for request in (sp.request(IsPassive="true"), sp.request(inner='<samlp:NameIDPolicy Format="urn:x"/>')):
        assert "SAMLart=" in provider.visitor(source).get(sp.address(request)).location
        full = encode(Level(BEGUN.size, provider.clock.now()))
        provider.services.state.put(Key(shard_for(source), "begun", digest(source)), full, 60)
        assert provider.visitor(source).get(sp.address(request)).status_code == 429
        assert "SAMLart=" in provider.visitor("203.0.113.10").get(sp.address(request)).location
        provider.clock.advance(1)


# -- one citizen, two front doors --------------------------------------------------------------------------------------


def test_k_what_was_agreed_to_at_one_door_is_asked_at_the_other(provider: Provider, sp: TestedProvider) -> None:
    client, visitor = provider.client(scope="openid"), provider.visitor()
    visitor.arrive(client, provider.citizen(), scope="openid")
    assert "decision" in visitor.get(sp.address()).text


def test_k_no_client_has_the_name_of_a_service_provider(provider: Provider, sp: TestedProvider) -> None:
    visitor = provider.visitor()
    sp.arrive(visitor, provider.citizen())
    page = visitor.get("/authorize?" + urlencode({"client_id": sp.party_id, "response_type": "code"}))
    assert page.status_code == 400
    assert provider.services.service_providers.get(sp.party_id) is None


def test_k_a_sign_in_ends_at_the_door_where_it_began(provider: Provider, sp: TestedProvider) -> None:
    """Two tabs of a browser: whatever is submitted for one is answered there."""
    client, visitor, person = provider.client(), provider.visitor(), provider.citizen()
    at_portal, at_provider = visitor.authorize(client), visitor.get(sp.address())
    page = visitor.password(at_portal, person)
    back = visitor.allow(page)
    assert back.location.startswith(client.client.redirect_uris[0])
    page = visitor.get(form(at_provider.text, "username").action)
    assert sp.hears(visitor.allow(page)).statuses == ["Success"]
    assert "SAMLResponse" not in back.location
