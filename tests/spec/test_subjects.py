"""Subject identifiers: OIDC Core section 8, as portals see them; tests/unit/test_pseudonyms.py has the rules."""

from dataclasses import replace

import pytest

from idp.citizens.number import check_character
from tests.support.known import Known, acquainted
from tests.support.provider import Provider, Registered


@pytest.fixture
def known(provider: Provider) -> Known:
    return acquainted(provider)


def sub(known: Known, client: Registered | None = None, **changes: str | None) -> str:
    told: str = known.provider.userinfo(known.tokens(client, **changes)["access_token"]).get_json()["sub"]
    return told


def at(known: Known, *uris: str, **metadata: str) -> Registered:
    return known.meet(redirect_uris=list(uris), **metadata)


def test_oidc_core_8_1_pairwise_by_sector(known: Known) -> None:
    here = sub(known)
    same_host = at(known, "https://portal.example/other/callback")
    other_port = at(known, "https://portal.example:8443/callback")
    elsewhere = at(known, "https://portal.example.cn/callback")
    below = at(known, "https://a.portal.example/callback")
    assert sub(known, same_host) == sub(known, other_port) == here
    assert len({here, sub(known, elsewhere), sub(known, below)}) == 3


def test_oidc_core_8_1_one_client_sees_one_subject_whichever_redirect_uri_it_uses(known: Known) -> None:
    client = at(known, "https://two.example/a", "https://two.example/b")
    code_at_b = known.visitor.authorize(client, redirect_uri="https://two.example/b").location.partition("code=")[2][
        :44
    ]
    answer = known.provider.token(client, client.exchange(code_at_b, redirect_uri="https://two.example/b")).get_json()
    assert known.provider.userinfo(answer["access_token"]).get_json()["sub"] == sub(known, client)


def test_oidc_core_8_public_is_the_same_everywhere_and_leaves_pairwise_alone(known: Known) -> None:
    before = sub(known)
    publics = [at(known, f"https://{host}.example/cb", subject_type="public") for host in ("a", "b")]
    first, second = (sub(known, client) for client in publics)
    assert first == second != before
    assert sub(known) == before


def test_oidc_core_8_subjects_are_opaque_and_of_one_citizen(known: Known) -> None:
    other = known.provider.citizen()
    visitor = known.provider.visitor("192.0.2.2")
    visitor.arrive(known.client, other)
    both = sub(known), sub(Known(known.provider, other, known.client, visitor))
    assert both[0] != both[1]
    for each, person in zip(both, (known.person, other), strict=True):
        assert len(each) == 43
        assert person.number not in each
        assert person.citizen.id not in each


def test_oidc_core_8_a_subject_survives_a_change_of_number_name_and_session(known: Known) -> None:
    before, citizen_id = sub(known), known.person.citizen.id
    body = "11000019550505123"
    citizens = known.provider.services.citizens
    citizens.correct_number(citizen_id, body + check_character(body))
    citizens.change_profile(citizen_id, lambda profile: replace(profile, name="李静", phone="+8615499999999"))
    assert sub(known) == before
    assert known.provider.userinfo(known.tokens()["access_token"]).get_json()["name"] == "李静"
    known.provider.services.sessions.end_all_of(citizen_id, "signed_out")
    again = known.provider.visitor()
    person = replace(known.person, number=body + check_character(body))
    assert again.password(again.authorize(known.client), person).status_code == 303
    assert sub(Known(known.provider, person, known.client, again)) == before
