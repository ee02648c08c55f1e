"""J. The device flow: codes that are guessed, sent to a victim, swapped between clients, or answered twice."""

from collections.abc import Iterator

import pytest

from idp.codec import encode
from idp.oidc.decoupled.device import GUESSES_OF_CITIZEN, GUESSES_OF_SOURCE
from idp.oidc.views.entering import PICTURES
from idp.pace import BURST_SECONDS
from tests.support.devices import DEVICE_CODE, answer, complete, device, kiosk, to_the_question, type_code
from tests.support.forms import form
from tests.support.known import acquainted
from tests.support.parallel import together
from tests.support.provider import Provider, Registered, running_provider, settings_for


@pytest.fixture(scope="module")
def shared_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path_factory.mktemp("provider"))) as running:
        yield running


def test_j_user_codes_cannot_be_tried_out_from_one_address(provider: Provider) -> None:
    waiting, attacker = device(provider), provider.visitor("203.0.113.66")
    page = attacker.get("/device")
    tried = [attacker.submit(page, "user_code", user_code="BCDFGHJK") for _ in range(GUESSES_OF_SOURCE.size)]
    assert {response.status_code for response in tried} == {422}
    refused = attacker.submit(page, "user_code", user_code=waiting.code)
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (429, True)
    assert type_code(provider.visitor(), waiting.code).request.path == "/login", "nobody else has to wait"


def test_j_user_codes_cannot_be_tried_out_by_one_citizen_from_many_addresses(provider: Provider) -> None:
    known, waiting = acquainted(provider), device(provider)
    page = known.visitor.get("/device")
    for count in range(GUESSES_OF_CITIZEN.size):
        known.visitor._source = f"203.0.113.{count}"
        assert known.visitor.submit(page, "user_code", user_code="BCDFGHJK").status_code == 422
    known.visitor._source = "203.0.113.200"
    assert known.visitor.submit(page, "user_code", user_code=waiting.code).status_code == 429


def test_j_right_codes_are_no_guesses(provider: Provider) -> None:
    known, client = acquainted(provider), kiosk(provider)
    for _ in range(GUESSES_OF_CITIZEN.size + 1):
        assert type_code(known.visitor, device(provider, client).code).request.path == "/consent"


def test_j_another_client_gains_nothing_by_a_device_code(shared_provider: Provider) -> None:
    waiting, visitor, other = device(shared_provider), shared_provider.visitor(), kiosk(shared_provider)
    assert waiting.error(other) == "invalid_grant"
    answer(visitor, to_the_question(visitor, waiting.code, shared_provider.citizen()), "allow")
    assert waiting.error(other) == "invalid_grant"
    assert waiting.tokens(), "and takes nothing away"


def test_j_another_clients_polls_do_not_slow_the_device_down(shared_provider: Provider) -> None:
    waiting, other = device(shared_provider), kiosk(shared_provider)
    assert waiting.error() == "authorization_pending"
    assert [waiting.error(other, after=1) for _ in range(4)] == ["invalid_grant"] * 4
    assert waiting.error(after=1) == "authorization_pending"


def test_j_a_link_that_a_phisher_sent_does_nothing_by_itself_and_says_what_it_is(shared_provider: Provider) -> None:
    """Signed in, and known to the client: even so nothing is allowed by opening the link."""
    known, client = acquainted(shared_provider), kiosk(shared_provider, client_name="看起来很可靠的服务")
    mine = device(shared_provider, client)
    answer(known.visitor, to_the_question(known.visitor, mine.code, known.person), "allow")
    phishers = device(shared_provider, client)
    page = known.visitor.get(complete(phishers.code), **{"Sec-Fetch-Site": "cross-site"})
    assert "别人发给您" in page.text
    question = known.visitor.submit(page, "user_code")
    assert question.request.path == "/consent"
    for told in ("看起来很可靠的服务", phishers.code, "别人发给您代码", "198.51.100.9", "与您现在使用的不同"):
        assert told in question.text, told
    assert phishers.error() == "authorization_pending"


def test_j_who_registered_himself_does_not_stand_there_with_the_address_of_a_portal(shared_provider: Provider) -> None:
    """Nothing is sent to the address, so that it could be anybody's."""
    clients = shared_provider.services.clients
    for address in ({"redirect_uris": ["https://tax.example/cb"]}, {"client_uri": "https://tax.example/"}):
        document = {"client_name": "税务", "grant_types": [DEVICE_CODE]} | address
        told = clients.keep(clients.prove(encode(document)))
        waiting = device(shared_provider, Registered(told.client, told.client_secret or ""))
        known = acquainted(shared_provider)
        question = type_code(known.visitor, waiting.code)
        assert "税务" in question.text
        assert "tax.example" not in question.text


def test_j_what_is_allowed_for_one_device_allows_no_other(shared_provider: Provider) -> None:
    """Two tabs, one of them a phisher's: agreeing in the citizen's own tab leaves the other one asking."""
    known, client = acquainted(shared_provider), kiosk(shared_provider)
    mine, phishers = device(shared_provider, client), device(shared_provider, client)
    theirs = type_code(known.visitor, phishers.code)
    answer(known.visitor, type_code(known.visitor, mine.code), "allow")
    reloaded = known.visitor.get(f"/consent?{theirs.request.query_string.decode()}")
    assert (reloaded.status_code, reloaded.request.path) == (200, "/consent")
    assert phishers.error() == "authorization_pending"
    assert mine.tokens()


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_j_the_code_form_is_ours_alone(shared_provider: Provider, headers: dict[str, str]) -> None:
    known, waiting = acquainted(shared_provider), device(shared_provider)
    found = form(known.visitor.get("/device").text, "user_code")
    sent = known.visitor.post(found.action, found.filled(user_code=waiting.code), **headers)
    assert sent.status_code == 403


@pytest.mark.parametrize("token", ["", "x"])
def test_j_the_code_form_and_the_answer_need_their_tokens(shared_provider: Provider, token: str) -> None:
    known, waiting = acquainted(shared_provider), device(shared_provider)
    page = known.visitor.get("/device")
    assert known.visitor.submit(page, "user_code", user_code=waiting.code, csrf=token).status_code == 403
    question = type_code(known.visitor, waiting.code)
    assert known.visitor.submit(question, "decision", decision="allow", csrf=token).status_code == 403
    assert waiting.error() == "authorization_pending"


def test_j_anothers_page_cannot_be_answered_in_my_browser(shared_provider: Provider) -> None:
    attacker, waiting, victim = acquainted(shared_provider), device(shared_provider), acquainted(shared_provider)
    question = type_code(attacker.visitor, waiting.code)
    address = f"/consent?{question.request.query_string.decode()}"
    assert victim.visitor.get(address).status_code == 403
    assert answer(victim.visitor, question, "allow").status_code == 403
    assert waiting.error() == "authorization_pending"


def test_j_of_two_citizens_the_first_answer_counts(shared_provider: Provider) -> None:
    waiting, one, other = device(shared_provider), acquainted(shared_provider), acquainted(shared_provider)
    pages = [type_code(each.visitor, waiting.code) for each in (one, other)]
    assert answer(one.visitor, pages[0], "deny").request.path == "/device/denied"
    assert answer(other.visitor, pages[1], "allow").request.path == "/device/over"
    assert waiting.error() == "access_denied"


def test_j_a_code_of_the_browser_flow_is_no_device_code_and_the_reverse(shared_provider: Provider) -> None:
    both = ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]
    client = shared_provider.client(grant_types=both)
    visitor, person = shared_provider.visitor(), shared_provider.citizen()
    code = visitor.arrive(client, person)["code"]
    as_device = {"grant_type": both[1], "device_code": code}
    assert shared_provider.token(client, as_device).json["error"] == "invalid_grant"
    waiting = device(shared_provider, client)
    answer(visitor, to_the_question(visitor, waiting.code, person), "allow")
    as_code = client.exchange(waiting.told["device_code"], redirect_uri="", code_verifier=None)
    assert shared_provider.token(client, as_code).json["error"] == "invalid_grant"
    assert waiting.tokens()


def test_j_pictures_are_drawn_for_one_address_so_many_a_second(shared_provider: Provider) -> None:
    """Whoever has no code can ask for one, and each takes a worker as long as fifty pages."""
    page, visitor = "/device/qr?user_code=BCDF-GHJK", shared_provider.visitor("192.0.2.88")
    drawn = [visitor.get(page).status_code for _ in range(PICTURES * BURST_SECONDS + 1)]
    assert (set(drawn[:-2]), drawn[-1]) == ({200}, 429)
    assert shared_provider.visitor("192.0.2.89").get(page).status_code == 200
    shared_provider.clock.advance(1)
    assert visitor.get(page).status_code == 200


@pytest.mark.parametrize("junk", ["\0", "x" * 5_000, "<script>alert(1)</script>", "ＡＢＣ", "💥" * 8])
def test_j_junk_as_a_code_is_a_code_that_nobody_has(shared_provider: Provider, junk: str) -> None:
    page = type_code(shared_provider.visitor("192.0.2.77"), junk)
    assert page.status_code == 422
    assert "<script>" not in page.text


def test_j_of_parallel_polls_one_wins_with_the_state_in_redis_too(provider_on_redis: Provider) -> None:
    waiting, visitor = device(provider_on_redis), provider_on_redis.visitor()
    assert waiting.error(after=0) == "authorization_pending"
    assert waiting.error(after=0) == "slow_down"
    answer(visitor, to_the_question(visitor, waiting.code, provider_on_redis.citizen()), "allow")
    polls = together([lambda: waiting.poll(after=0).status_code] * 8)
    assert sorted(str(each) for each in polls) == ["200"] + ["400"] * 7
