"""The name of a leg is remembered as long as the client is the same, and is the one that the sign-in gives it."""

import dataclasses

from idp.login.consent import ask_digest
from idp.login.legs import CAPACITY, LegNames
from idp.login.transaction import Ask
from idp.oidc.clients.client import Client
from idp.sessions import leg_field

CLIENT = Client("c1", 0, ("https://portal.example/cb",), {"": "社会保险"}, purpose={"": "查询"})
ASK = Ask("c1", ("openid", "profile"), ("email",), ("email",))


def named(client: Client, ask: Ask) -> str:
    return leg_field(client.client_id, ask_digest(ask, client.party))


def test_each_request_has_its_name_however_often_it_is_asked_for() -> None:
    names = LegNames(CAPACITY)
    asks = [ASK, dataclasses.replace(ASK, scopes=("openid",)), dataclasses.replace(ASK, essential_claims=())]
    for _ in range(2):
        assert [names.of(CLIENT, ask) for ask in asks] == [named(CLIENT, ask) for ask in asks]
    assert len({names.of(CLIENT, ask) for ask in asks}) == 3


def test_a_client_whose_notice_changed_has_other_names_at_once() -> None:
    names = LegNames(CAPACITY)
    before = names.of(CLIENT, ASK)
    changed = dataclasses.replace(CLIENT, purpose={"": "另有目的"})
    assert names.of(changed, ASK) == named(changed, ASK) != before
    assert names.of(CLIENT, ASK) == before


def test_no_more_are_remembered_than_a_worker_needs() -> None:
    names = LegNames(3)
    for number in range(10):
        ask = dataclasses.replace(ASK, claims=(f"claim-{number}",))
        assert names.of(CLIENT, ask) == named(CLIENT, ask)
        assert len(names._known) <= 3
