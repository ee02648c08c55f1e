"""Artifacts of type 4 and what they stand for (saml-bindings-2.0-os section 3.6.4, saml-core-2.0-os section 3.5)."""

import base64
import hashlib
from itertools import repeat

import pytest

from federation.saml import artifact, names
from federation.saml.artifact import Artifact, BadArtifact
from tests.support import saml_judges as judges
from tests.support.saml_examples import MESSAGES, signer

OURS = artifact.source_id("https://idp.example/saml/metadata")


def test_saml_bindings_3_6_4_type_index_source_and_handle() -> None:
    made = Artifact(OURS, 258, bytes(range(20)))
    raw = base64.b64decode(str(made))
    assert raw[:4] == b"\x00\x04\x01\x02"
    assert raw[4:24] == hashlib.sha1(b"https://idp.example/saml/metadata").digest()
    assert raw[24:] == bytes(range(20))
    assert artifact.parse(str(made)) == made


@pytest.mark.parametrize(
    "value",
    ["", "AAQ=", "国", str(Artifact(OURS, 0, bytes(19))), str(Artifact(OURS, 0, bytes(20))).replace("AAQ", "AAE", 1)],
)
def test_saml_bindings_3_6_4_anything_else_is_none(value: str) -> None:
    with pytest.raises(BadArtifact):
        artifact.parse(value)


def test_saml_core_3_5_2_the_message_keeps_its_own_signature_within() -> None:
    by = signer(names.RSA_SHA256)
    text = MESSAGES["artifact response"](repeat("urn:example:x"), by)
    assert text.count("xmlns:samlp=") == 1
    root = judges.parsed(text)
    judges.proved(root, by.certificate)
    judges.proved(root.find(f"{{{names.PROTOCOL}}}Response"), by.certificate)
