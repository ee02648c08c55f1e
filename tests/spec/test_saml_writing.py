"""What we write in SAML: canonical as it stands, valid, and with signatures that others find good.

saml-core-2.0-os, XML Signature 1.1, Exclusive XML Canonicalization 1.0.
"""

from collections.abc import Callable

import pytest

from federation.saml import algorithms, assertion, names, response, writing
from federation.saml.response import Status
from tests.support import saml_judges as judges
from tests.support.saml_examples import SAID, answered, signer


@pytest.mark.parametrize("digest", algorithms.DIGESTS)
@pytest.mark.parametrize("algorithm", algorithms.SIGNATURES)
def test_saml_core_5_response_and_assertion_are_signed_each_for_itself(algorithm: str, digest: str) -> None:
    by = signer(algorithm, digest)
    text = response.written(answered(assertion.written(SAID, by)), by)
    assert judges.canonical(text) == text
    judges.assert_valid(text)
    root = judges.parsed(text)
    judges.proved(root, by.certificate)
    judges.proved(root.find(f"{{{names.ASSERTION}}}Assertion"), by.certificate)


def test_xmldsig_a_changed_character_is_seen() -> None:
    by = signer(names.RSA_SHA256)
    text = assertion.written(SAID, by).replace("李静文", "李静雯")
    with pytest.raises(Exception, match="invalid"):
        judges.xmlsec_verifies(judges.parsed(text), by.certificate)


def test_saml_core_3_2_2_a_status_has_its_second_level_code_and_a_sentence() -> None:
    by = signer(names.ECDSA_SHA256)
    status = Status(names.RESPONDER, names.NO_PASSIVE, "the citizen has to sign in")
    text = response.written(answered(None, status), by)
    judges.assert_valid(text)
    assert judges.canonical(text) == text
    codes = [code.get("Value") for code in judges.parsed(text).iter(f"{{{names.PROTOCOL}}}StatusCode")]
    assert codes == [names.RESPONDER, names.NO_PASSIVE]


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
@pytest.mark.parametrize("escape", [writing.text, writing.attribute])
def test_xml_2_2_what_xml_cannot_carry_is_refused(escape: Callable[[str], str], character: str) -> None:
    with pytest.raises(writing.Unwritable):
        escape(f"李{character}静文")
