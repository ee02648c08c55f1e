"""Messages and their signatures in the query of an address (saml-bindings-2.0-os section 3.4)."""

import zlib
from base64 import b64decode
from itertools import repeat
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import xmlsec
from hypothesis import given
from hypothesis import strategies as st

from federation.saml import names, redirecting
from tests.support.saml_examples import MESSAGES, signer
from tests.support.saml_judges import pem

MESSAGE = MESSAGES["logout request"](repeat("国"), None)


def verify(query: str, algorithm: Any, certificate: str) -> None:
    """By libxmlsec1, over the text before the signature."""
    signed, _, signature = query.rpartition("&Signature=")
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem(certificate), xmlsec.constants.KeyDataFormatCertPem)
    context.verify_binary(signed.encode(), algorithm, b64decode(dict(parse_qsl(f"Signature={signature}"))["Signature"]))


@pytest.mark.parametrize(
    ("algorithm", "theirs"),
    [
        (names.RSA_SHA256, xmlsec.constants.TransformRsaSha256),
        (names.RSA_SHA512, xmlsec.constants.TransformRsaSha512),
        (names.ECDSA_SHA256, xmlsec.constants.TransformEcdsaSha256),
    ],
)
def test_saml_bindings_3_4_4_1_the_query_is_signed(algorithm: str, theirs: Any) -> None:
    by = signer(algorithm)
    address = redirecting.address("https://sp.example/slo", redirecting.REQUEST, MESSAGE, "a b&c=/国", by)
    query = urlsplit(address).query
    verify(query, theirs, by.certificate)
    assert [name for name, _ in parse_qsl(query)] == ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
    assert dict(parse_qsl(query))["RelayState"] == "a b&c=/国"
    with pytest.raises(xmlsec.Error):
        verify(query.replace("RelayState=a", "RelayState=b"), theirs, by.certificate)


def test_saml_bindings_3_4_4_1_the_message_is_deflated_without_a_header() -> None:
    address = redirecting.address(
        "https://sp.example/slo?tenant=1", redirecting.RESPONSE, MESSAGE, None, signer(names.RSA_SHA256)
    )
    assert address.startswith("https://sp.example/slo?tenant=1&SAMLResponse=")
    parameters = dict(parse_qsl(urlsplit(address).query))
    assert "RelayState" not in parameters
    assert zlib.decompress(b64decode(parameters["SAMLResponse"]), -15).decode() == MESSAGE


@given(relay_state=st.text(st.characters(codec="utf-8")))
def test_saml_bindings_3_4_3_any_relay_state_comes_through_and_changes_nothing_else(relay_state: str) -> None:
    by = signer(names.ECDSA_SHA256)
    address = redirecting.address("https://sp.example/slo", redirecting.REQUEST, MESSAGE, relay_state, by)
    assert address.isascii()
    assert address.isprintable()
    parameters = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    assert [name for name, _ in parameters] == ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
    assert parameters[1][1] == relay_state
