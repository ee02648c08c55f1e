"""J. CIBA: who is asked without having begun anything, again and again, and what the asker could learn of it."""

import json
from collections.abc import Iterator

import pytest

from idp.oidc.decoupled.ciba import OF_ONE_PERSON
from idp.oidc.decoupled.inbox import OF_ALL, OF_ONE_CLIENT
from tests.support.ciba import arrived, asked, asks_for, decide, desk, new_code, press, signed_in_at_approve, waiting
from tests.support.citizens import number, phone
from tests.support.cookies import cookie, with_session
from tests.support.forms import form, forms
from tests.support.provider import Provider, running_provider, settings_for

NOBODY = (number(9_000), phone(9_000))


@pytest.fixture(scope="module")
def shared_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path_factory.mktemp("provider"))) as running:
        yield running


@pytest.mark.parametrize("hint", NOBODY, ids=["number", "phone"])
def test_j_whether_there_is_such_a_citizen_is_not_told(shared_provider: Provider, hint: str) -> None:
    client, person = desk(shared_provider), shared_provider.citizen()
    known, unknown = asked(shared_provider, person, client), asked(shared_provider, person, client, login_hint=hint)
    assert known.told.keys() == unknown.told.keys()
    assert (known.told["expires_in"], known.told["interval"]) == (unknown.told["expires_in"], unknown.told["interval"])
    shards = {asked(shared_provider, person, desk(shared_provider)).told["auth_req_id"][0] for _ in range(24)}
    assert len(shards) > 1, "the handle does not come of the citizen"
    assert [known.error(), unknown.error()] == ["authorization_pending"] * 2
    assert [known.error(after=600), unknown.error(after=0)] == ["expired_token"] * 2


def test_j_whoever_is_asked_too_often_is_not_shown_it_and_the_asker_does_not_learn_that(provider: Provider) -> None:
    client, person = desk(provider), provider.citizen()
    visitor = arrived(provider, person)
    known = [asked(provider, person, client) for _ in range(OF_ONE_CLIENT + 2)]
    unknown = [asked(provider, person, client, login_hint=NOBODY[0]) for _ in range(OF_ONE_CLIENT + 2)]
    assert waiting(visitor) == OF_ONE_CLIENT
    assert {each.error(after=0) for each in (*known, *unknown)} == {"authorization_pending"}


def test_j_refused_requests_make_no_room_for_more_of_the_same(provider: Provider) -> None:
    client, person = desk(provider), provider.citizen()
    visitor = arrived(provider, person)
    for _ in range(OF_ONE_CLIENT):
        asked(provider, person, client)
        decide(visitor, "deny")
    asked(provider, person, client)
    assert waiting(visitor) == 0


def test_j_many_services_cannot_bury_a_citizen(provider: Provider) -> None:
    person = provider.citizen()
    visitor = arrived(provider, person)
    for _ in range(OF_ALL // OF_ONE_CLIENT + 2):
        client = desk(provider)
        for _ in range(OF_ONE_CLIENT):
            asked(provider, person, client)
    assert waiting(visitor) == OF_ALL


@pytest.mark.parametrize("exists", [True, False])
def test_j_one_client_may_ask_for_one_person_so_often_whether_there_is_one_or_not(
    provider: Provider, exists: bool
) -> None:
    client, person = desk(provider), provider.citizen()
    fields = {"scope": "openid", "login_hint": person.number if exists else NOBODY[0]}
    answers = [asks_for(provider, client, fields).status_code for _ in range(OF_ONE_PERSON.size + 1)]
    assert answers == [200] * OF_ONE_PERSON.size + [429]
    assert asks_for(provider, desk(provider), fields).status_code == 200, "others are not held up"
    provider.clock.advance(61)
    assert asks_for(provider, client, fields).status_code == 200


def test_j_a_citizen_can_be_left_alone_for_an_hour(provider: Provider) -> None:
    client, other, person = desk(provider, client_name="纠缠不休"), desk(provider), provider.citizen()
    visitor = arrived(provider, person)
    requests = [asked(provider, person, client), asked(provider, person, other), asked(provider, person, client)]
    page = press(visitor, "block")
    assert "纠缠不休" in page.text
    assert [each.error() for each in requests] == ["access_denied", "authorization_pending", "access_denied"]
    later = asked(provider, person, client)
    assert waiting(visitor) == 1, "the other service's"
    assert later.error() == "authorization_pending", "and the asker is not told"
    provider.clock.advance(3_600)
    asked(provider, person, client)
    assert waiting(arrived(provider, person)) == 1


def test_j_a_request_is_shown_to_nobody_else_and_answered_by_nobody_else(shared_provider: Provider) -> None:
    person, other = shared_provider.citizen(), shared_provider.citizen()
    stranger = arrived(shared_provider, other)
    request = asked(shared_provider, person)
    mine = forms(arrived(shared_provider, person).get("/approve").text)
    reference = next(dict(each.buttons)["look"] for each in mine if "look" in dict(each.buttons))
    asked(shared_provider, other)
    assert waiting(stranger) == 1
    page = stranger.get("/approve")
    found = next(each for each in forms(page.text) if "look" in dict(each.buttons))
    for button in ("look", "block"):
        answer = stranger.post("/approve", found.filled(**{button: reference}))
        assert answer.status_code == 200
        assert "decision" not in answer.text
    assert request.error() == "authorization_pending"


def test_j_nobody_is_signed_in_at_the_page_by_another_site_or_for_another_browser(provider: Provider) -> None:
    visitor, person = provider.visitor(), provider.citizen()
    found = form(visitor.get("/approve").text, "sign_in").filled(sign_in="yes")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert visitor.post("/approve", found, **headers).status_code == 403
    assert visitor.post("/approve", found | {"csrf": ["x"]}).status_code == 403
    assert provider.visitor().post("/approve", found).status_code == 403, "the form is one browser's"
    page = visitor.post("/approve", found)
    assert page.request.path == "/login"
    stranger = provider.visitor()
    stranger.get("/approve")
    assert stranger.get(f"/login?{page.request.query_string.decode()}").status_code == 403
    stolen = form(page.text, "username")
    answer = stranger.post(stolen.action, stolen.filled(username=person.number, password=person.password))
    assert answer.status_code == 403
    assert waiting(stranger) == 0
    assert "sign_in" in dict(form(stranger.get("/approve").text, "sign_in").buttons)


def test_j_whoever_else_signs_in_at_the_page_sees_nothing_of_it(provider: Provider) -> None:
    """The link was sent to him, or the browser is not his alone; a session that was planted there is not adopted."""
    person, other = provider.citizen(), provider.citizen()
    request, visitor = asked(provider, person), with_session(provider, "attacker-chosen-value")
    page = signed_in_at_approve(visitor, other)
    assert (page.request.path, page.status_code) == ("/approve", 200)
    assert "窗口 3 K7M" not in page.text
    assert waiting(visitor) == 0
    assert request.error() == "authorization_pending"
    assert cookie(visitor) != "attacker-chosen-value"


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_j_another_site_cannot_answer(shared_provider: Provider, headers: dict[str, str]) -> None:
    person = shared_provider.citizen()
    request, visitor = asked(shared_provider, person), arrived(shared_provider, person)
    found = next(each for each in forms(visitor.get("/approve").text) if "look" in dict(each.buttons))
    for button in ("look", "block"):
        fields = found.filled(**{button: dict(found.buttons)[button]})
        assert visitor.post("/approve", fields, **headers).status_code == 403
        assert visitor.post("/approve", fields | {"csrf": ["x"]}).status_code == 403
    question = press(visitor, "look")
    answering = next(each for each in forms(question.text) if "decision" in dict(each.buttons))
    assert visitor.post(answering.action, answering.filled(decision="allow"), **headers).status_code == 403
    assert request.error() == "authorization_pending"


def test_j_looking_is_not_allowing_even_at_a_service_the_citizen_agreed_with(shared_provider: Provider) -> None:
    person, client = shared_provider.citizen(), desk(shared_provider)
    visitor = arrived(shared_provider, person)
    first = asked(shared_provider, person, client)
    decide(visitor, "allow")
    first.tokens()
    second = asked(shared_provider, person, client)
    page = press(visitor, "look")
    for told in ("窗口 3 K7M", "社保大厅", "对方是想冒用您的身份"):
        assert told in page.text, told
    assert second.error() == "authorization_pending"


def test_j_a_request_begun_by_one_citizen_is_not_answered_by_the_next_in_that_browser(
    shared_provider: Provider,
) -> None:
    person, next_one = shared_provider.citizen(), shared_provider.citizen()
    request, visitor = asked(shared_provider, person), arrived(shared_provider, person)
    question = press(visitor, "look")
    visitor.arrive(shared_provider.client(), next_one, prompt="login")
    address = f"/consent?{question.request.query_string.decode()}"
    assert visitor.get(address).request.path == "/login", "it asks for the citizen who is meant"
    assert request.error() == "authorization_pending"


def test_j_neither_the_store_nor_the_trail_has_what_would_collect_the_tokens(provider: Provider) -> None:
    person = provider.citizen()
    request = asked(provider, person, binding_message="窗口 3")
    told = [event.event for event in provider.services.state.queued(1_000)]
    for secret in (request.told["auth_req_id"], person.number, person.phone):
        assert not any(secret.encode() in each for each in told)
    assert json.loads(next(each for each in told if b"ciba:asked" in each))["client_id"] == request.client.id


@pytest.mark.parametrize("who", ["with a code", "without a code", "nobody"])
def test_j_a_wrong_user_code_tells_nothing_and_cannot_be_tried_out(provider: Provider, who: str) -> None:
    client, person = desk(provider, backchannel_user_code_parameter=True), provider.citizen()
    right = new_code(arrived(provider, person)) if who == "with a code" else "BCDF-GHJK"
    hint = NOBODY[0] if who == "nobody" else person.number
    wrong = {"scope": "openid", "login_hint": hint, "user_code": "ZZZZ-ZZZZ"}
    tried = [asks_for(provider, client, wrong) for _ in range(OF_ONE_PERSON.size)]
    assert {(each.status_code, each.json["error"]) for each in tried} == {(400, "invalid_user_code")}
    assert asks_for(provider, client, wrong | {"user_code": right}).status_code == 429
