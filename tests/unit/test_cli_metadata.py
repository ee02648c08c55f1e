"""`idp metadata`, and `idp sp add URL`: metadata from the network."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.saml.credentials import new_credential
from tests.support.key_server import KeyServer, key_server
from tests.support.saml_messages import rsa_peer
from tests.support.shell import Idp
from tests.support.sp_metadata import ENTITY_ID, at, entities, entity, pem, signed

FEDERATION = rsa_peer()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, idp: Idp) -> Iterator[KeyServer]:
    with key_server() as running:
        monkeypatch.setenv("IDP_OUTBOUND_ALLOW", running.allowed)
        yield running


@pytest.fixture
def pinned(tmp_path: Path) -> str:
    file = tmp_path / "federation.pem"
    file.write_text(pem(FEDERATION))
    return str(file)


def publish(server: KeyServer, *those: str) -> None:
    end = at(time.time() + 86_400)
    server.publish(signed(entities("".join(those), f'validUntil="{end}"'), FEDERATION))


def test_a_federation_and_its_life(idp: Idp, server: KeyServer, pinned: str) -> None:
    publish(server, entity(), entity("https://other.example"))
    added = idp("metadata", "add", "province", server.at("x"), "--certificate", pinned)
    assert (added.status, added.err) == (0, "")
    assert (added.json["kind"], added.json["entities"], added.json["error"]) == ("aggregate", 2, None)
    assert idp("metadata", "show", "province").json == added.json
    assert idp("metadata", "list").json == [added.json]
    assert "province" in idp("metadata", "list", "--table").out
    assert idp("sp", "show", ENTITY_ID).json["source"] == ["province"]
    idp("sp", "remove", ENTITY_ID).said("it comes from province: `idp sp disable` refuses it")
    assert idp("sp", "disable", ENTITY_ID).json["enabled"] is False
    publish(server, entity(acs="https://portal.example/new"))
    assert idp("metadata", "refresh", "province").json["gone"] == 1
    shown = idp("sp", "show", ENTITY_ID).json
    assert (shown["enabled"], shown["assertion_consumers"]) == (False, ["https://portal.example/new"])
    assert idp("metadata", "remove", "province").status == 0
    assert idp("metadata", "list").json == []
    assert idp("sp", "show", ENTITY_ID).json["source"] == []
    trail = [each["type"] for each in idp("audit", "search", "--event", "metadata_source:saved").lines]
    assert trail == ["metadata_source:saved"]


def test_a_federation_that_cannot_be_had_is_not_added(idp: Idp, server: KeyServer, pinned: str) -> None:
    server.publish(entities(entity()).encode())
    ran = idp("metadata", "add", "province", server.at("x"), "--certificate", pinned)
    ran.said("the metadata cannot be had: its signature")
    assert idp("metadata", "list").json == []
    idp("metadata", "add", "Province", server.at("x"), "--certificate", pinned).said("the name: ")
    idp("metadata", "add", "province", server.at("x"), "--certificate", __file__).said("certificates as PEM are needed")
    for verb in ("show", "refresh", "remove"):
        idp("metadata", verb, "nobody").said("there is no such source")


def test_a_server_that_is_asked_for_each(idp: Idp, server: KeyServer, pinned: str) -> None:
    added = idp("metadata", "add", "world", server.at(""), "--mdq", "--certificate", pinned, "--every", "600")
    assert (added.json["kind"], added.json["every"], server.asked) == ("mdq", 600, 0)


def test_a_service_provider_at_an_address(idp: Idp, server: KeyServer, pinned: str) -> None:
    server.publish(entity().encode())
    added = idp("sp", "add", server.at("sp"), "--unsigned")
    assert (added.status, added.json["source"]) == (0, ["address"])
    server.publish(entity(acs="https://portal.example/new").encode())
    assert idp("sp", "refresh", ENTITY_ID).json["assertion_consumers"] == ["https://portal.example/new"]
    idp("sp", "add", server.at("sp"), "--certificate", pinned).said("its signature")
    assert idp("sp", "add", "-", stdin=entity()).json["source"] == ["file"]
    idp("sp", "refresh", ENTITY_ID).said("came as a file")
    assert idp("sp", "remove", ENTITY_ID).status == 0
    assert idp("sp", "list").json == []


def test_an_address_needs_a_word_on_its_signature_and_a_file_none(idp: Idp, server: KeyServer, pinned: str) -> None:
    for arguments in ((server.at("x"),), ("-", "--unsigned"), (server.at("x"), "--unsigned", "--certificate", pinned)):
        assert idp("sp", "add", *arguments).status == 2


def test_idp_check_says_what_ends_and_what_cannot_be_had(idp: Idp, server: KeyServer, pinned: str) -> None:
    publish(server, entity("https://other.example"))
    assert idp("metadata", "add", "province", server.at("x"), "--certificate", pinned).status == 0
    idp("sp", "add", "-", stdin=entity(attributes=f'validUntil="{at(time.time() + 86_400 * 3)}"'))
    server.publish(b"", 500)
    idp("metadata", "refresh", "province").said("its server answers 500")
    found = [each for each in idp("check").json if each["area"] == "metadata"]
    told = {each["what_to_do"]: each["finding"] for each in found if each["level"] == "wrong"}
    assert len(told) == 2
    assert "ends in 2 days" in told["ask those who run it for newer metadata, then `idp sp add FILE`"]
    failed = told["put that right, then `idp metadata refresh province`"]
    assert "its server answers 500; the last copy is used until " in failed
    assert ["pinned" in each["finding"] for each in found if each["level"] == "note"] == [True]
    publish(server, entity("https://other.example"))
    idp("metadata", "refresh", "province")
    assert "ok" in [each["level"] for each in idp("check").json if "the source province" in each["finding"]]


def test_idp_check_says_where_a_key_is_likely_to_change(idp: Idp) -> None:
    soon, now = new_credential("RSA", "sp", int(time.time()) - 3650 * 86_400 + 20 * 86_400), time.time()
    fresh = new_credential("RSA", "sp", int(now))
    for number, keys in enumerate(([soon.certificate], [soon.certificate, fresh.certificate])):
        idp("sp", "add", "-", stdin=entity(f"https://sp{number}.example", keys=keys))
    found = [each for each in idp("check").json if each["area"] == "metadata"]
    assert [(each["level"], each["finding"]) for each in found] == [
        ("note", "the last certificate of https://sp0.example ends in 19 days")
    ]
