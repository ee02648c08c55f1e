"""Our own metadata: signed, valid, and read by others as we meant it (saml-metadata-2.0-os)."""

from itertools import count
from typing import Any

import pytest
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser as TheirParser

from federation.saml import names
from tests.support import saml_judges as judges
from tests.support.saml_examples import MESSAGES, signer

BY = signer(names.RSA_SHA256)
TEXT = MESSAGES["metadata"]((f"value-{number}" for number in count()), BY)


@pytest.fixture
def root() -> Any:
    return judges.parsed(TEXT)


def md(name: str) -> str:
    return f"{{{names.METADATA}}}{name}"


def test_saml_metadata_3_the_root_is_signed_before_its_extensions(root: Any) -> None:
    judges.proved(root, BY.certificate)
    assert root[0].tag == f"{{{names.DS}}}Signature"
    assert root.get("validUntil") == "2027-01-16T08:00:00Z"
    assert root.get("cacheDuration") == "PT3600S"


def test_saml_metadata_2_4_3_parts_stand_in_the_order_of_the_schema(root: Any) -> None:
    descriptor = root.find(md("IDPSSODescriptor"))
    assert descriptor.get("WantAuthnRequestsSigned") == "true"
    order = [child.tag.rpartition("}")[2] for child in descriptor]
    assert list(dict.fromkeys(order)) == [
        "Extensions",
        "KeyDescriptor",
        "ArtifactResolutionService",
        "SingleLogoutService",
        "NameIDFormat",
        "SingleSignOnService",
        "Attribute",
    ]


def test_mdui_texts_are_there_in_both_languages(root: Any) -> None:
    shown = root.find(f".//{{{names.MDUI}}}UIInfo")
    languages = [child.get("{http://www.w3.org/XML/1998/namespace}lang") for child in shown if "Logo" not in child.tag]
    assert languages == ["zh-CN", "en"] * 4


def test_shibmd_scopes_are_no_patterns(root: Any) -> None:
    assert [scope.get("regexp") for scope in root.iter(f"{{{names.SHIBMD}}}Scope")] == ["false"]


def test_iip_alg_keys_to_encrypt_to_name_their_methods(root: Any) -> None:
    (_, key) = root.iter(md("KeyDescriptor"))
    methods = {
        method.get("Algorithm"): [digest.get("Algorithm") for digest in method]
        for method in key.iter(md("EncryptionMethod"))
    }
    assert methods == {
        names.AES256_GCM: [],
        names.AES128_GCM: [],
        names.RSA_OAEP: [names.SHA256],
        names.RSA_OAEP_MGF1P: [names.SHA1],
    }


def test_python3_saml_reads_it() -> None:
    read = TheirParser.parse(TEXT)["idp"]
    assert read["entityId"] == "value-0"
    assert read["singleSignOnService"]["binding"] == names.REDIRECT
    assert read["x509cert"] == BY.certificate
