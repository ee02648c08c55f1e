"""`idp sp`: service providers by their metadata."""

import json
from pathlib import Path

import pytest

from tests.support.shell import Idp
from tests.support.sp_metadata import ENTITY_ID, entity

TERMS = {"purpose#zh-CN": "领取养老金", "retention": "one year", "attributes": ["name", "email"], "optional": ["email"]}


def files(directory: Path, metadata: str = "", terms: object = TERMS) -> tuple[str, str]:
    xml, settings = directory / "metadata.xml", directory / "portal.json"
    xml.write_text(metadata or entity())
    settings.write_text(json.dumps(terms))
    return str(xml), str(settings)


def test_a_service_provider_and_its_life(idp: Idp, tmp_path: Path) -> None:
    xml, settings = files(tmp_path)
    added = idp("sp", "add", xml, "--settings", settings)
    assert (added.status, added.err) == (0, "")
    assert added.json["entity_id"] == ENTITY_ID
    assert (added.json["name"], added.json["source"], added.json["enabled"]) == ("社会保险", ["file"], True)
    assert TERMS.items() <= added.json["settings"].items()
    party_id = added.json["party_id"]
    assert idp("sp", "show", ENTITY_ID).json == idp("sp", "show", party_id).json == added.json
    assert idp("sp", "list").json == [added.json]
    assert "社会保险" in idp("sp", "list", "--table").out
    assert idp("sp", "disable", ENTITY_ID).json["enabled"] is False
    assert idp("sp", "add", xml).json["enabled"] is False
    assert idp("sp", "enable", party_id).json == added.json
    assert idp("sp", "remove", ENTITY_ID).status == 0
    assert idp("sp", "list").json == []
    trail = [each["type"].partition(":")[2] for each in idp("audit", "search", "--client", party_id).lines]
    assert trail == ["saved", "disabled", "saved", "enabled", "removed"]


def test_newer_metadata_leaves_the_settings(idp: Idp, tmp_path: Path) -> None:
    xml, settings = files(tmp_path)
    before = idp("sp", "add", xml, "--settings", settings).json
    Path(xml).write_text(entity(acs="https://portal.example/new"))
    after = idp("sp", "add", xml).json
    assert after == before | {"assertion_consumers": ["https://portal.example/new"]}


def test_other_settings(idp: Idp, tmp_path: Path) -> None:
    xml, settings = files(tmp_path)
    idp("sp", "add", xml)
    changed = idp("sp", "change", ENTITY_ID, settings).json
    assert TERMS.items() <= changed["settings"].items()
    again = idp("sp", "change", ENTITY_ID, "-", stdin=json.dumps(changed["settings"] | {"idp_initiated": True})).json
    assert again["settings"] == changed["settings"] | {"idp_initiated": True}


def test_what_is_not_stated_is_said(idp: Idp, tmp_path: Path) -> None:
    added = idp("sp", "add", files(tmp_path)[0])
    assert added.err == "the consent page will say that this is not stated: purpose, retention\n"


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ([], "JSON object"),
        ({"purpos": "x"}, "a member that is none"),
        ({"purpose#": "x"}, "a member that is none"),
        ({"purpose": 7}, "purpose is not a short line"),
        ({"retention#zh": "a\nb"}, "retention is not a short line"),
        ({"attributes": "name"}, "attributes is not a short list"),
        ({"attributes": ["nmae"]}, "attributes is not a short list of attributes; there are: name, birthdate"),
        ({"attributes": ["name"], "optional": ["email"]}, "optional has a name that is not among attributes"),
        ({"lawful_basis": "statutory_duty"}, "lawful_basis_rule is missing"),
        ({"lawful_basis": "whim"}, "lawful_basis is not one of"),
        ({"idp_initiated": "yes"}, "idp_initiated is not a boolean"),
        ({"name_id_format": "urn:x"}, "name_id_format is not one of"),
        ({"signature_algorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"}, "signature_algorithm is not one of"),
        ({"purpose": "x" * 70_000}, "too long"),
    ],
)
def test_settings_that_will_not_do_are_one_line(idp: Idp, tmp_path: Path, terms: object, words: str) -> None:
    xml, settings = files(tmp_path, terms=terms)
    idp("sp", "add", xml, "--settings", settings).said(words)


def test_metadata_that_will_not_do_is_one_line(idp: Idp, tmp_path: Path) -> None:
    idp("sp", "add", files(tmp_path, "<x/>")[0]).said("the metadata: neither")


@pytest.mark.parametrize("verb", ["show", "disable", "enable", "remove"])
def test_a_service_provider_that_is_not_there(idp: Idp, verb: str) -> None:
    assert idp("db", "upgrade").status == 0
    idp("sp", verb, "https://nobody.example").said("there is no such service provider")
