"""What we write, we read: by every binding, with whatever values (saml-bindings-2.0-os section 3)."""

from base64 import b64encode
from itertools import repeat
from urllib.parse import urlsplit

import pytest

from federation.saml import arriving, logout, names, redirecting, schema, soap
from federation.saml.arriving import Message
from federation.saml.credentials import KeySigner, public_key
from federation.saml.logout import LogoutRequest, LogoutResponse
from federation.saml.name_id import NameId
from federation.saml.writing import Xml
from tests.support.saml_examples import MESSAGES, NOW, signer
from tests.support.saml_judges import parsed

SIGNERS = [signer(names.RSA_SHA256), signer(names.ECDSA_SHA256)]
ODD = "李静文 𠮷 <]]>&\"'\t\n\r"
REQUEST = LogoutRequest(
    "_q",
    "https://sp.example/",
    NOW,
    NameId(ODD, names.PERSISTENT, ODD, ODD),
    ("_s1", ODD),
    "https://idp.example/saml/slo",
    NOW + 300,
    "urn:oasis:names:tc:SAML:2.0:logout:user",
)
RESPONSE = LogoutResponse(
    "_p", "https://sp.example/", NOW, "_q", names.SUCCESS, names.PARTIAL_LOGOUT, "https://idp.example/saml/slo"
)


def carried(binding: str, parameter: str, unsigned: Xml, signed: Xml, by: KeySigner) -> Message:
    if binding == names.REDIRECT:
        address = redirecting.address("https://idp.example/saml/slo", parameter, unsigned, ODD, by)
        arrived = arriving.from_query(urlsplit(address).query, parameter)
        assert arrived.relay_state == ODD
    elif binding == names.POST:
        arrived = arriving.from_form(b64encode(signed.encode()).decode(), ODD)
    else:
        arrived = arriving.from_soap(soap.wrapped(signed).encode())
    return arrived.proved([public_key(by.certificate)])


@pytest.mark.parametrize("by", SIGNERS, ids=["rsa", "ec"])
@pytest.mark.parametrize("binding", [names.REDIRECT, names.POST, names.SOAP])
def test_saml_core_3_7_logout_messages_say_what_they_said(binding: str, by: KeySigner) -> None:
    unsigned, signed = logout.written_request(REQUEST, None), logout.written_request(REQUEST, by)
    assert logout.read_request(carried(binding, redirecting.REQUEST, unsigned, signed, by)) == REQUEST
    unsigned, signed = logout.written_response(RESPONSE, None), logout.written_response(RESPONSE, by)
    assert logout.read_response(carried(binding, redirecting.RESPONSE, unsigned, signed, by)) == RESPONSE


@pytest.mark.parametrize("kind", [kind for kind in MESSAGES if kind not in {"metadata", "in an envelope"}])
def test_what_we_write_passes_our_own_schema(kind: str) -> None:
    for by in (None, SIGNERS[0]):
        schema.check(parsed(MESSAGES[kind](repeat("x"), by)))
