"""`idp client import`, `change` and `secret`: clients as configuration, and what an operator changes of one."""

import json
from pathlib import Path
from typing import Any

import pytest

from idp.cli.opened import opened
from idp.oidc.registration.configured import MAX_ENTRIES
from idp.storage.records.errors import Changed
from tests.support.shell import METADATA, Idp

PORTAL = {
    "client_id": "portal",
    "redirect_uris": ["https://portal.example/cb"],
    "client_name": "Portal",
    "client_name#zh-CN": "社会保险",
    "purpose": "Enrolment",
    "retention": "5 years",
}
APP = {
    "client_id": "app.v2",
    "redirect_uris": ["com.example.app:/cb"],
    "application_type": "native",
    "token_endpoint_auth_method": "none",
    "purpose": "x",
    "retention": "y",
}


def bring(idp: Idp, *entries: Any, dry: bool = False) -> Any:
    options = ("--dry-run",) if dry else ()
    return idp("client", "import", "-", *options, stdin=json.dumps(entries))


def outcomes(ran: Any) -> dict[str, tuple[str, list[str]]]:
    assert (ran.status, ran.err) == (0, ""), ran.err
    return {each["client_id"]: (each["outcome"], each["members"]) for each in ran.json}


def clients(idp: Idp) -> dict[str, Any]:
    return {each["client_id"]: each for each in idp("client", "list").json}


def trail(idp: Idp, client_id: str) -> list[str]:
    return [each["type"] for each in idp("audit", "search", "--client", client_id).lines]


# -- import ------------------------------------------------------------------------------------------------------------


def test_what_a_file_has_is_added_once_and_then_left_alone(idp: Idp) -> None:
    first = bring(idp, PORTAL, APP)
    assert outcomes(first) == {"portal": ("added", []), "app.v2": ("added", [])}
    secrets = [each.get("client_secret") for each in first.json]
    assert len(secrets[0]) >= 43
    assert secrets[1] is None
    before = clients(idp)
    again = bring(idp, PORTAL, APP)
    assert outcomes(again) == {"portal": ("unchanged", []), "app.v2": ("unchanged", [])}
    assert "client_secret" not in again.out
    assert clients(idp) == before
    assert trail(idp, "portal") == ["client:added"]


def test_what_differs_is_changed_and_nothing_else(idp: Idp) -> None:
    bring(idp, PORTAL, APP)
    idp("client", "disable", "portal")
    changed = PORTAL | {"redirect_uris": ["https://portal.example/other"], "contacts": ["a@portal.example"]}
    ran = bring(idp, changed, APP)
    assert outcomes(ran) == {"portal": ("changed", ["redirect_uris", "contacts"]), "app.v2": ("unchanged", [])}
    assert "client_secret" not in ran.out
    now = clients(idp)["portal"]
    assert (now["redirect_uris"], now["enabled"]) == (["https://portal.example/other"], False)
    assert trail(idp, "portal") == ["client:added", "client:disabled", "client:changed"]


def test_what_is_shown_may_be_brought_again(idp: Idp) -> None:
    bring(idp, PORTAL, APP)
    idp("client", "add", "-", stdin=json.dumps(METADATA | {"purpose": "x", "retention": "y"}))
    assert {outcome for outcome, _ in outcomes(bring(idp, *idp("client", "list").json)).values()} == {"unchanged"}


def test_clients_that_are_not_in_the_file_stay(idp: Idp) -> None:
    bring(idp, PORTAL, APP)
    bring(idp, APP)
    assert clients(idp).keys() == {"portal", "app.v2"}


def test_a_dry_run_says_what_would_change_and_changes_nothing(idp: Idp) -> None:
    assert idp("db", "upgrade").status == 0
    ran = bring(idp, PORTAL, dry=True)
    assert outcomes(ran) == {"portal": ("added", [])}
    assert "client_secret" not in ran.out
    assert clients(idp) == {}
    bring(idp, PORTAL)
    before = clients(idp)
    assert outcomes(bring(idp, PORTAL | {"client_name": "X"}, dry=True)) == {"portal": ("changed", ["client_name"])}
    assert clients(idp) == before
    assert trail(idp, "portal") == ["client:added"]


def test_a_new_secret_is_told_where_one_is_needed_now(idp: Idp) -> None:
    bring(idp, PORTAL | {"token_endpoint_auth_method": "none"})
    ran = bring(idp, PORTAL)
    assert outcomes(ran) == {"portal": ("changed", ["token_endpoint_auth_method"])}
    assert len(ran.json[0]["client_secret"]) >= 43


def test_one_object_a_line_from_a_file(idp: Idp, tmp_path: Path) -> None:
    file = tmp_path / "clients.jsonl"
    file.write_text(json.dumps(PORTAL) + "\n\n" + json.dumps(APP, ensure_ascii=False) + "\n")
    assert outcomes(idp("client", "import", str(file))).keys() == {"portal", "app.v2"}
    assert "portal" in idp("client", "import", str(file), "--table").out


def test_nothing_is_brought_by_nothing(idp: Idp) -> None:
    for empty in ("", "[]", "\n \n"):
        ran = idp("client", "import", "-", stdin=empty)
        assert (ran.status, ran.json, ran.err) == (0, [], "")


def test_what_is_left_out_is_said_with_the_client(idp: Idp) -> None:
    ran = bring(idp, APP, PORTAL | {"client_secret": "mine"})
    assert ran.status == 0
    assert ran.err.splitlines() == ["portal: members that we do not know were left out: client_secret"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (PORTAL | {"redirect_uris": ["javascript:alert(1)"]}, "entry 2 (portal): invalid_redirect_uri: redirect_uris"),
        (PORTAL | {"scope": "everything"}, "entry 2 (portal): invalid_client_metadata: scope"),
        (APP, "entry 2 (app.v2): invalid_client_metadata: client_id stands in another entry"),
        ({**PORTAL, "client_id": None}, "entry 2: invalid_client_metadata: client_id is missing"),
        (PORTAL | {"client_id": "sp-a"}, "entry 2: invalid_client_metadata: client_id begins with sp-"),
        (PORTAL | {"client_id": "a:b"}, "entry 2: invalid_client_metadata: client_id is missing, or not"),
        (PORTAL | {"client_id": "x" * 41}, "entry 2: "),
        (PORTAL | {"client_id": "11010519491231002X"}, "entry 2: "),
        (PORTAL | {"client_id": "4711"}, "entry 2: "),
        (PORTAL | {"client_id": 7}, "entry 2: "),
        (PORTAL | {"client_id": ""}, "entry 2: "),
        ("portal", "entry 2: "),
        (None, "entry 2: "),
    ],
)
def test_a_bad_entry_is_named_and_nothing_is_changed(idp: Idp, entry: Any, words: str) -> None:
    bring(idp, PORTAL)
    before = clients(idp)
    ran = bring(idp, APP, entry)
    ran.said(words)
    assert ran.err.endswith("nothing was changed\n")
    assert clients(idp) == before


def test_a_member_that_stands_twice_is_seen_in_an_array_too(idp: Idp) -> None:
    twice = json.dumps(PORTAL)[:-1] + ',"client_name":"Other"}'
    idp("client", "import", "-", stdin=f"[{twice}]").said("entry 1: ")


def test_a_client_does_not_move_to_another_host(idp: Idp) -> None:
    bring(idp, PORTAL)
    moved = PORTAL | {"redirect_uris": ["https://moved.example/cb"]}
    bring(idp, moved).said("entry 1 (portal): invalid_client_metadata: another host")


@pytest.mark.parametrize("text", ["[", '[{"client_id":"a"},]', "[" * 100_000, "[" + "0," * MAX_ENTRIES + "0]"])
def test_what_is_no_list_is_one_line(idp: Idp, text: str) -> None:
    idp("client", "import", "-", stdin=text).said("; nothing was changed")


def test_somebody_else_was_quicker(idp: Idp) -> None:
    bring(idp, PORTAL)
    with opened() as services:
        from idp.oidc.registration.configured import carry_out, plan

        planned = plan(services.clients, json.dumps([APP, PORTAL | {"client_name": "X"}]).encode())
        bring(idp, PORTAL | {"client_name": "Y"})
        with pytest.raises(Changed):
            carry_out(services.clients, planned)
    assert clients(idp).keys() == {"portal"}
    assert clients(idp)["portal"]["client_name"] == "Y"


# -- change ------------------------------------------------------------------------------------------------------------


def test_an_operator_changes_a_client(idp: Idp) -> None:
    secret = bring(idp, PORTAL).json[0]["client_secret"]
    document = {name: value for name, value in PORTAL.items() if name != "client_id"} | {"client_name": "New"}
    ran = idp("client", "change", "portal", "-", stdin=json.dumps(document))
    assert (ran.status, ran.err, ran.json["client_name"]) == (0, "", "New")
    assert secret not in ran.out
    assert ran.json == clients(idp)["portal"]
    assert trail(idp, "portal") == ["client:added", "client:changed"]
    public = document | {"token_endpoint_auth_method": "none"}
    assert idp("client", "change", "portal", "-", stdin=json.dumps(public)).status == 0
    assert len(idp("client", "change", "portal", "-", stdin=json.dumps(document)).json["client_secret"]) >= 43


def test_a_change_that_will_not_do(idp: Idp) -> None:
    bring(idp, PORTAL)
    idp("client", "change", "nobody", "-", stdin=json.dumps(PORTAL)).said("there is no such client")
    idp("client", "change", "portal", "-", stdin=json.dumps(PORTAL | {"client_id": "app"})).said("client_id")
    idp("client", "change", "portal", "-", stdin="x" * 70_000).said("longer than")
    moved = PORTAL | {"redirect_uris": ["https://moved.example/cb"]}
    idp("client", "change", "portal", "-", stdin=json.dumps(moved)).said("another host")


# -- secret ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_jwt"])
def test_a_new_secret_ends_the_old_one(idp: Idp, method: str) -> None:
    old = bring(idp, PORTAL | {"token_endpoint_auth_method": method}).json[0]["client_secret"]
    with opened() as services:
        digest = services.clients.get("portal").client_secret_digest  # type: ignore[union-attr]
    idp("client", "disable", "portal")
    ran = idp("client", "secret", "portal")
    assert (ran.status, ran.err) == (0, "")
    assert set(ran.json) == {"client_id", "client_secret", "client_secret_expires_at"}
    assert len(ran.json["client_secret"]) >= 43
    assert ran.json["client_secret"] != old
    with opened() as services:
        now = services.clients.get("portal")
        assert now is not None
        assert now.client_secret_digest not in (None, digest)
        assert not now.enabled
    assert trail(idp, "portal") == ["client:added", "client:disabled", "client:secret_renewed"]
    assert ran.json["client_secret"] not in idp("audit", "tail").out


def test_a_client_without_a_secret_gets_none(idp: Idp) -> None:
    bring(idp, APP)
    idp("client", "secret", "app.v2").said("no secret")
    idp("client", "secret", "nobody").said("there is no such client")
