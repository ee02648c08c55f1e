"""`idp resource …`: resource servers and their life."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import METADATA, Idp

DOCUMENT: dict[str, Any] = {
    "resource": "https://records.example/api",
    "resource_name": "证照平台",
    "resource_name#en": "Records",
    "scopes": {"records:read": {"name": "读取证照", "name#en": "Read records"}, "records:list": {"name": "证照目录"}},
    "token_format": "jwt",
    "token_signing_alg": "ES256",
    "token_seconds": 120,
    "certificate_types": {"11100000000013127D001": {"name": "驾驶证", "name#en": "Driving licence"}},
}


def test_a_resource_server_and_its_life(idp: Idp, tmp_path: Path) -> None:
    client = idp("client", "add", "-", stdin=json.dumps(METADATA)).json["client_id"]
    file = tmp_path / "resource.json"
    file.write_text(json.dumps(DOCUMENT | {"introspection_client": client}))
    added = idp("resource", "add", str(file))
    assert (added.status, added.err) == (0, "")
    assert added.json == DOCUMENT | {"introspection_client": client}
    assert idp("resource", "show", DOCUMENT["resource"]).json == added.json
    rule = {"client_id": client, "scopes": {"records:read": "city:read"}}
    assert idp("resource", "add", "-", stdin=json.dumps(DOCUMENT | {"exchange": [rule]})).json["exchange"] == [rule]
    idp("resource", "add", "-", stdin=json.dumps(DOCUMENT | {"exchange": [rule, rule]})).said("exchange")
    changed = idp("resource", "add", "-", stdin=json.dumps(DOCUMENT | {"token_seconds": 60})).json
    assert idp("resource", "list").json == [changed]
    assert "records:read records:list" in idp("resource", "list", "--table").out
    assert idp("resource", "remove", DOCUMENT["resource"]).json == changed
    assert idp("resource", "list").json == []
    trail = [json.loads(line) for line in idp("audit", "tail").out.splitlines()]
    told = [(each["type"], each["resource"]) for each in trail if each["type"].startswith("resource:")]
    assert told == [(f"resource:{what}", DOCUMENT["resource"]) for what in ("saved", "saved", "saved", "removed")]


def test_what_is_left_out_has_its_usual_value(idp: Idp) -> None:
    plain = {name: DOCUMENT[name] for name in ("resource", "resource_name", "scopes")}
    told = idp("resource", "add", "-", stdin=json.dumps(plain)).json
    assert told == plain | {"token_format": "opaque", "token_signing_alg": "RS256", "token_seconds": 300}


@pytest.mark.parametrize("verb", ["show", "remove"])
def test_a_resource_server_that_is_not_there(idp: Idp, verb: str) -> None:
    assert idp("db", "upgrade").status == 0
    idp("resource", verb, "https://nobody.example").said("there is no such resource server")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("resource", None),
        ("resource", "/api"),
        ("resource", "https:///api"),
        ("resource", "https://records.example/api#f"),
        ("resource", "https://records.example/api?q=1"),
        ("resource", "https://a.example/b c"),
        ("resource", "https://records.example/" + "x" * 300),
        ("resource", "https://records.example/" + "x" * 60),
        ("resource_name", None),
        ("resource_name#x_y", "x"),
        ("scopes", {}),
        ("scopes", None),
        ("scopes", ["records:read"]),
        ("scopes", {"profile": {"name": "x"}}),
        ("scopes", {"a b": {"name": "x"}}),
        ("scopes", {"records:read": {"name#en": "x"}}),
        ("scopes", {"records:read": {"name": "x", "title": "x"}}),
        ("scopes", {"n12345678901": {"name": "x"}}),
        ("scopes", {f"s{index}": {"name": "x"} for index in range(51)}),
        ("certificate_types", ["11100000000013127D001"]),
        ("certificate_types", {"11100000000013127D": {"name": "x"}}),
        ("certificate_types", {"11100000000013127D001": "x"}),
        ("certificate_types", {"11100000000013127D001": {"name": ""}}),
        ("certificate_types", {f"11100000000013{n:04}001": {"name": "x"} for n in range(501)}),
        ("exchange", {}),
        ("exchange", [1]),
        ("exchange", [{"client_id": "nobody", "scopes": {}}]),
        ("exchange", [{"client_id": "nobody", "scopes": {"records:write": "city:read"}}]),
        ("exchange", [{"client_id": "nobody", "scopes": {"records:read": "profile"}}]),
        ("exchange", [{"client_id": "nobody"}]),
        ("exchange", [{}] * 51),
        ("token_format", "paper"),
        ("token_signing_alg", "none"),
        ("token_seconds", 0),
        ("token_seconds", 3601),
        ("token_seconds", True),
        ("introspection_client", "nobody"),
        ("member", "unknown"),
    ],
)
def test_a_refusal_names_the_member(idp: Idp, member: str, value: object) -> None:
    told = {name: each for name, each in (DOCUMENT | {member: value}).items() if each is not None}
    idp("resource", "add", "-", stdin=json.dumps(told)).said(member.partition("#")[0])


def test_a_public_client_cannot_introspect(idp: Idp) -> None:
    public = idp("client", "add", "-", stdin=json.dumps(METADATA | {"token_endpoint_auth_method": "none"})).json
    told = DOCUMENT | {"introspection_client": public["client_id"]}
    idp("resource", "add", "-", stdin=json.dumps(told)).said("introspection_client")


def test_a_scope_belongs_to_one_resource_server(idp: Idp) -> None:
    idp("resource", "add", "-", stdin=json.dumps(DOCUMENT))
    other = DOCUMENT | {"resource": "https://other.example", "scopes": {"records:list": {"name": "x"}}}
    idp("resource", "add", "-", stdin=json.dumps(other)).said("another resource server has the scope records:list")


@pytest.mark.parametrize("document", ["", "{", "[]", "{}", "x" * 70_000])
def test_a_document_that_will_not_do_is_one_line(idp: Idp, document: str) -> None:
    ran = idp("resource", "add", "-", stdin=document)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
