"""`idp client`: RFC 7591 metadata in JSON, in and out."""

import json
from pathlib import Path

import pytest

from idp.cli.opened import opened
from idp.errors import InvalidToken
from idp.oidc.register import InitialTokens
from tests.support.assertions import JWKS
from tests.support.shell import METADATA, Idp


def test_a_client_and_its_life(idp: Idp, tmp_path: Path) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(METADATA))
    added = idp("client", "add", str(file)).json
    client_id, secret = added["client_id"], added.pop("client_secret")
    assert len(secret) >= 43
    assert added["redirect_uris"] == METADATA["redirect_uris"]
    shown = idp("client", "show", client_id)
    assert secret not in shown.out
    assert shown.json["enabled"] is True
    assert idp("client", "list").json == [shown.json]
    assert idp("client", "disable", client_id).json["enabled"] is False
    assert idp("client", "enable", client_id).json == shown.json
    assert idp("client", "remove", client_id).status == 0
    assert idp("client", "list").json == []
    trail = [each["type"] for each in idp("audit", "search", "--client", client_id).lines]
    assert trail == ["client:added", "client:disabled", "client:enabled", "client:removed"]


def test_a_client_from_standard_input(idp: Idp) -> None:
    assert idp("client", "add", "-", stdin=json.dumps(METADATA)).json["client_name"] == "Portal"


def test_what_is_left_out_or_missing_is_said_and_no_refusal(idp: Idp) -> None:
    told = METADATA | {"retentoin": "x", "post_logout_redirect_uri": "x", "line\nbreak": "x", "purpose": "y"}
    added = idp("client", "add", "-", stdin=json.dumps(told))
    assert added.status == 0
    assert added.err.splitlines() == [
        "members that we do not know were left out: one with other characters, post_logout_redirect_uri, retentoin",
        "the consent page will say that this is not stated: retention",
    ]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ('{"client_name": "x" "scope": "openid"}', "(byte 20)"),
        ('{"client_name": "x", ', "Input data was truncated"),
        ('["x"]', "got `array`"),
        ('{"scope": "openid", "scope": "openid"}', "a member stands twice"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_with_the_place(idp: Idp, written: str, place: str) -> None:
    ran = idp("client", "add", "-", stdin=written)
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert place in ran.err


def test_a_client_with_all_that_is_asked_is_added_without_a_word(idp: Idp) -> None:
    for more in ({"purpose#en": "x", "retention": "y"}, {"lawful_basis": "statutory_duty", "lawful_basis_rule": "x"}):
        assert idp("client", "add", "-", stdin=json.dumps(METADATA | more)).err == ""


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("redirect_uris", ["http://portal.example/cb"]),
        ("post_logout_redirect_uris", ["https://portal.example/#x"]),
        ("backchannel_logout_uri", "http://portal.example/x"),
        ("logo_uri", "http://portal.example/x"),
        ("scope", "profile"),
    ],
)
def test_a_refusal_names_the_member(idp: Idp, member: str, value: object) -> None:
    ran = idp("client", "add", "-", stdin=json.dumps(METADATA | {member: value}))
    ran.said(member)
    assert "portal.example" not in ran.err


@pytest.mark.parametrize("verb", ["show", "disable", "enable", "remove"])
def test_a_client_that_is_not_there(idp: Idp, verb: str) -> None:
    assert idp("db", "upgrade").status == 0
    ran = idp("client", verb, "nobody")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("there is no such client")


@pytest.mark.parametrize("metadata", ["", "{", "[]", "{}", '{"redirect_uris":["javascript:alert(1)"]}', "x" * 70_000])
def test_metadata_that_will_not_do_is_one_line(idp: Idp, metadata: str) -> None:
    ran = idp("client", "add", "-", stdin=metadata)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)


def test_a_token_to_register_with_is_good_once(idp: Idp) -> None:
    ran = idp("client", "token", "--days", "2")
    assert (ran.status, ran.err) == (0, "")
    assert set(ran.json) == {"initial_access_token", "expires_at", "registration_endpoint"}
    with opened() as services:
        tokens = InitialTokens(services.state, services.randomness)
        tokens.use(ran.json["initial_access_token"])
        with pytest.raises(InvalidToken):
            tokens.use(ran.json["initial_access_token"])
    assert len(idp("audit", "search", "--event", "registration:token_issued").lines) == 1
    assert ran.json["initial_access_token"] not in idp("audit", "tail").out


def test_a_token_that_nobody_can_use_is_said_to_be_so(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_REGISTRATION", "closed")
    assert idp("client", "token").err == "IDP_REGISTRATION is closed: nobody can use it\n"


def test_what_keeps_a_client_from_the_profile_is_said(idp: Idp) -> None:
    metadata = METADATA | {"redirect_uris": ["https://portal.example/cb"]}
    plain = idp("client", "add", "-", stdin=json.dumps(metadata)).json["client_id"]
    said = idp("client", "check", plain)
    assert (said.status, said.json["profile"], said.json["fapi2"]) == (1, "standard", False)
    assert {each["member"] for each in said.json["lacks"]} == {
        "token_endpoint_auth_method",
        "require_pushed_authorization_requests",
        "dpop_bound_access_tokens",
        "id_token_signed_response_alg",
    }
    assert all(each["needs"] for each in said.json["lacks"])
    bank = idp("client", "add", "-", stdin=json.dumps(metadata | {"profile": "fapi2", "jwks": JWKS})).json["client_id"]
    said = idp("client", "check", bank)
    assert (said.status, said.json["fapi2"], said.json["lacks"]) == (0, True, [])
    assert idp("client", "check", "nobody").status == 1


def test_tables_may_be_made_first(idp: Idp) -> None:
    assert idp("db", "upgrade").json == {"records": "upgraded"}
    assert idp("client", "add", "-", stdin=json.dumps(METADATA)).status == 0


def test_a_client_to_which_no_citizen_comes_tells_none(idp: Idp) -> None:
    assert (
        idp("client", "add", "-", stdin=json.dumps({"client_name": "x", "grant_types": ["client_credentials"]})).err
        == ""
    )
