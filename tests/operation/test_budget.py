"""The budget of round trips and SQL statements: with warm caches a hop costs one trip in each of /authorize, /token and
/userinfo, and one SQL statement in all; whatever the store, and however many clients and citizens there are.

Verbs of the state store are counted in the process and, on a real Redis, as commands on the wire; each verb is one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from federation.saml import names
from idp.citizens.registry import NewCitizen
from idp.oidc.clients.client import TOKEN_EXCHANGE
from tests.support.assertions import JWKS, asserted, assertion
from tests.support.citizens import number
from tests.support.counted_state import CountedState
from tests.support.dpop import bound_tokens, holder
from tests.support.jwts import ENCRYPTION_JWKS
from tests.support.known import Known, acquainted
from tests.support.lossy_proxy import LossyProxy, lossy_proxy
from tests.support.provider import Provider, running_provider, settings_for
from tests.support.redis_service import RedisServer
from tests.support.resource_servers import (
    RECORDS,
    TAXES,
    agree,
    introspected,
    machine,
    platform,
    resource_server,
)
from tests.support.service_provider import NAME, TestedProvider
from tests.support.sql_counter import counted_statements
from tests.support.wrapped_state import WrappedStates

SCOPE = "openid profile offline_access"


@dataclass(frozen=True)
class Cost:
    """Verbs of the state store in order, and how many SQL statements."""

    verbs: tuple[str, ...]
    sql: int


@dataclass
class Meter:
    provider: Provider
    state: CountedState
    wire: LossyProxy | None

    def cost(self, call: Callable[[], object]) -> Cost:
        self.state.verbs.clear()
        before = self.wire.commands if self.wire else 0
        with counted_statements() as statements:
            call()
        if self.wire:
            assert self.wire.commands - before == len(self.state.verbs)
        return Cost(tuple(self.state.verbs), statements.count)


@pytest.fixture(params=["embedded", "redis"])
def meter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Meter]:
    states = WrappedStates(CountedState)
    if request.param == "embedded":
        with running_provider(settings_for(tmp_path), open_state=states) as provider:
            yield Meter(provider, states.opened[-1], None)
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    server.start()
    server.flush()
    with lossy_proxy(server.port) as wire:
        settings = settings_for(tmp_path, IDP_STATE_URL=f"redis://127.0.0.1:{wire.port}/0")
        with running_provider(settings, open_state=states) as provider:
            yield Meter(provider, states.opened[-1], wire)


def hop(meter: Meter, known: Known, **changes: str) -> list[Cost]:
    """A signed-in citizen goes to a portal that has met him: /authorize, /token, /userinfo."""
    codes, tokens = [], []
    client = known.client
    return [
        meter.cost(lambda: codes.append(known.code(**changes))),
        meter.cost(lambda: tokens.append(meter.provider.token(client, client.exchange(codes[0])).get_json())),
        meter.cost(lambda: meter.provider.userinfo(tokens[0]["access_token"]).get_json()["sub"]),
    ]


HOP = [Cost(("issue_under",), 0), Cost(("take_once",), 0), Cost(("read_under",), 1)]


THROTTLED = ("get", "get", "replace", "admit", "delete", "get", "replace")
"""The transaction; the attempt counted by source, account and browser; forgiven after the right password."""


def warm(meter: Meter, **metadata: str) -> Known:
    """Caches are filled, and Redis knows the scripts."""
    known = acquainted(meter.provider, **metadata)
    assert meter.provider.userinfo(known.tokens()["access_token"]).status_code == 200
    return known


def test_a_hop(meter: Meter) -> None:
    known = warm(meter)
    assert hop(meter, known) == HOP
    assert hop(meter, known) == HOP


def test_a_hop_that_begins_a_family_of_refresh_tokens_writes_it_to_sql(meter: Meter) -> None:
    """A family is durable, so that it costs the two statements that write it, and one trip that proves the session."""
    known = warm(meter, scope=SCOPE)
    known.tokens(scope=SCOPE)
    assert hop(meter, known, scope=SCOPE) == [HOP[0], Cost(("take_once", "outlive"), 2), HOP[2]]


def test_a_client_that_signs_costs_one_trip_more_for_its_assertion_is_good_once(meter: Meter) -> None:
    known = warm(meter)
    client = known.meet(token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    codes = [known.code(client) for _ in range(2)]

    def redeem() -> None:
        proof = asserted(assertion(client.id, meter.provider.clock.now()))
        assert meter.provider.token(client, client.exchange(codes.pop()) | proof, {}).status_code == 200

    redeem()
    assert meter.cost(redeem) == Cost(("replace", "take_once"), 0)


def test_a_client_that_shows_its_key_costs_one_trip_more_for_each_proof_is_good_once(meter: Meter) -> None:
    """One at /token and one at /userinfo; nonces cost none."""
    mine = holder(warm(meter))
    told: list[str] = []

    def redeem(code: str, proof: str) -> None:
        told.append(bound_tokens(mine.redeem(code=code, proof=proof))["access_token"])

    redeem(mine.known.code(), mine.proof())
    code, proof = mine.known.code(dpop_jkt=mine.jkt), mine.proof()
    assert meter.cost(lambda: redeem(code, proof)) == Cost(("replace", "take_once"), 0)
    assert mine.userinfo(told[-1]).status_code == 200
    shown = mine.proof("/userinfo", "GET", told[-1])
    assert meter.cost(lambda: mine.userinfo(told[-1], shown).get_json()["sub"]) == Cost(("put_under", "read_under"), 1)


def test_answers_that_are_signed_and_encrypted_cost_no_trip_more(meter: Meter) -> None:
    known = warm(meter)
    known.client = known.meet(
        jwks=ENCRYPTION_JWKS,
        id_token_encrypted_response_alg="ECDH-ES",
        userinfo_signed_response_alg="ES256",
        authorization_encrypted_response_alg="ECDH-ES",
    )
    answers: list[str] = []

    def released() -> None:
        answers.append(meter.provider.userinfo(known.tokens()["access_token"]).text)

    released()
    assert meter.cost(released) == Cost(("issue_under", "take_once", "read_under"), 1)
    assert meter.cost(lambda: known.visitor.authorize(known.client, response_mode="jwt")) == HOP[0]
    assert answers[-1].count(".") == 2


def test_a_hop_costs_the_same_however_many_there_are(meter: Meter) -> None:
    known = warm(meter)
    for index in range(500, 800):
        meter.provider.services.citizens.add(NewCitizen(name="某人", number=number(index)))
    for _ in range(60):
        meter.provider.client()
    for _ in range(20):
        visitor = meter.provider.visitor()
        assert visitor.password(visitor.authorize(known.client), known.person).status_code == 303
    hop(meter, known)  # the new clients moved the version: once, everything is loaded again
    assert hop(meter, known) == HOP


def test_once_a_second_one_trip_asks_whether_clients_or_keys_changed(meter: Meter) -> None:
    known = warm(meter)
    meter.provider.clock.advance(1)
    assert hop(meter, known) == [Cost(("version", "issue_under"), 0), *HOP[1:]]
    assert hop(meter, known) == HOP


def test_claims_in_the_id_token_cost_one_statement_more(meter: Meter) -> None:
    known = warm(meter)
    asked = {"claims": '{"id_token": {"name": null}}'}
    known.visitor.allow(known.visitor.authorize(known.client, **asked))
    assert hop(meter, known, **asked) == [HOP[0], Cost(HOP[1].verbs, 1), HOP[2]]


def test_a_turn_of_saml_costs_the_session_one_trip_more_and_one_statement(meter: Meter) -> None:
    """A signed request by redirect; a signed Response with an encrypted assertion of what is in the records."""
    provider, visitor = meter.provider, meter.provider.visitor()
    sp, person, heard = TestedProvider(provider, asks={NAME: True}), provider.citizen(name="王小明"), []
    sp.arrive(visitor, person)

    def turn() -> None:
        heard.append(sp.hears(visitor.get(sp.address(signed=True))))

    turn()
    assert meter.cost(turn) == meter.cost(turn) == Cost(("load_session", "issue_under"), 1)
    assert heard[-1].attributes == {NAME: ["王小明"]}
    assert heard[-1].response.find(f"{{{names.ASSERTION}}}EncryptedAssertion") is not None


def test_a_password_sign_in(meter: Meter) -> None:
    """Where the portal was agreed to before. The account and the consent, each before and after the session's step;
    the password's own time is many times this."""
    known = warm(meter)
    client, person = known.client, known.person

    def sign_in() -> list[Cost]:
        visitor, pages = meter.provider.visitor(), []
        asked = meter.cost(lambda: pages.append(visitor.authorize(client)))
        answered = meter.cost(lambda: pages.append(visitor.password(pages[0], person)))
        assert pages[1].status_code == 303
        return [asked, answered]

    first = sign_in()
    assert first == [
        Cost(("get", "replace", "put", "get"), 0),
        Cost((*THROTTLED, "open_session", "queue", "set_fields", "issue_under", "put"), 4),
    ]
    for _ in range(30):
        meter.provider.citizen()
    meter.provider.visitor().authorize(client)
    assert sign_in() == first


def test_a_refresh(meter: Meter) -> None:
    known = warm(meter, scope=SCOPE)
    told = [known.tokens(scope=SCOPE)["refresh_token"]]

    def refresh() -> None:
        fields = {"grant_type": "refresh_token", "refresh_token": told[-1]}
        told.append(meter.provider.token(known.client, fields).get_json()["refresh_token"])

    refresh()
    first = meter.cost(refresh)
    assert first.verbs == ("put", "put_under")
    assert [meter.cost(refresh) for _ in range(5)] == [first] * 5
    assert first.sql == 9


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_a_token_for_a_resource_server(meter: Meter, token_format: str) -> None:
    """It is one trip more than one for /userinfo; to be told of it costs one, to exchange it one more for the token."""
    provider = meter.provider
    records = platform(provider, token_format=token_format)
    gateway = machine(provider, "taxes:read", grant_types=[TOKEN_EXCHANGE])
    rule = {"client_id": gateway.id, "scopes": {"taxes:read": "records:read"}}
    resource_server(provider, introspection_client=gateway.id, token_format=token_format)
    resource_server(provider, TAXES, "taxes:read", exchange=[rule], introspection_client=gateway.id)
    client, found, exchanged = records.known.client, [records.tokens()], []
    asked = {"scope": "openid records:read", "resource": RECORDS}
    agree(records.known, client, **asked)

    def exchange() -> None:
        fields = {"grant_type": TOKEN_EXCHANGE, "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}
        subject = found[-1]["access_token"]
        answer = provider.token(gateway, fields | {"subject_token": subject, "resource": TAXES})
        exchanged.append(answer.get_json()["access_token"])

    def look() -> None:
        assert introspected(provider, gateway, exchanged[-1])["aud"] == TAXES

    code = records.known.code(**asked)
    told = meter.cost(lambda: found.append(provider.token(client, client.exchange(code)).get_json()))
    assert told == Cost(("take_once", "put_under"), 0)
    exchange()
    assert meter.cost(exchange) == Cost(("read_under", "put_under"), 1)
    assert meter.cost(look) == Cost(("read_under",), 1)
