"""What we write, as python3-saml takes it: strictly, with its schemas and its own reading of the profile."""

import time
from base64 import b64encode
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request as TheirLogoutRequest
from onelogin.saml2.response import OneLogin_Saml2_Response as TheirResponse
from onelogin.saml2.settings import OneLogin_Saml2_Settings as TheirSettings

from federation.saml import algorithms, assertion, encryption, logout, names, redirecting, response
from federation.saml.credentials import KeySigner
from federation.saml.logout import LogoutRequest
from federation.saml.metadata.entity import EntityKey
from federation.saml.name_id import NameId
from tests.support.saml_examples import SAID, answered, credential, signer
from tests.support.saml_judges import pem

SP = credential(algorithms.RSA)
BROUGHT = {"https": "on", "http_host": "sp.example", "script_name": "/acs"}


def settings(by: KeySigner, *, encrypted: bool) -> Any:
    here = {"url": "https://sp.example/acs", "binding": names.POST}
    there = {"url": "https://idp.example/saml/sso", "binding": names.REDIRECT}
    return TheirSettings(
        {
            "strict": True,
            "sp": {
                "entityId": "https://sp.example/",
                "assertionConsumerService": here,
                "singleLogoutService": {"url": "https://sp.example/acs", "binding": names.REDIRECT},
                "x509cert": SP.certificate,
                "privateKey": pem(b64encode(SP.private_der).decode(), "PRIVATE KEY").decode(),
            },
            "idp": {
                "entityId": SAID.issuer,
                "singleSignOnService": there,
                "singleLogoutService": there,
                "x509cert": by.certificate,
            },
            "security": {
                "wantMessagesSigned": True,
                "wantAssertionsEncrypted": encrypted,
                "rejectDeprecatedAlgorithm": True,
            },
        }
    )


@pytest.mark.parametrize("block", [None, names.AES128_GCM, names.AES256_GCM])
@pytest.mark.parametrize("algorithm", [names.RSA_SHA256, names.RSA_SHA512, names.ECDSA_SHA256])
def test_saml_profiles_4_1_4_a_response_is_taken(algorithm: str, block: str | None) -> None:
    now = int(time.time())
    by = signer(algorithm)
    said = replace(
        SAID,
        not_before=now - 180,
        not_on_or_after=now + 300,
        confirmation=replace(SAID.confirmation, not_on_or_after=now + 300),
        authentication=replace(SAID.authentication, session_not_on_or_after=now + 3600),
    )
    written = assertion.written(said, by)
    if block is not None:
        to = encryption.recipient([EntityKey(SP.certificate, "encryption", {block: ()})], allow_cbc=False)
        assert to is not None
        written = encryption.encrypt(written, to, encryption.ASSERTION)
    text = response.written(answered(written), by)
    theirs = TheirResponse(settings(by, encrypted=block is not None), b64encode(text.encode()))
    assert theirs.is_valid(BROUGHT, "_request", raise_exceptions=True)
    assert theirs.get_nameid() == SAID.name_id.value
    assert theirs.get_session_index() == "_session"
    assert theirs.get_friendlyname_attributes() == {"displayName": list(SAID.attributes[0].values)}


def test_saml_profiles_4_4_a_logout_request_by_redirect_is_taken() -> None:
    by = signer(names.RSA_SHA256)
    now = int(time.time())
    request = LogoutRequest(
        "_q", SAID.issuer, now, NameId("x", names.TRANSIENT), ("_s",), "https://sp.example/acs", now + 300
    )
    address = redirecting.address(
        "https://sp.example/acs", redirecting.REQUEST, logout.written_request(request, None), "国", by
    )
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    theirs = TheirLogoutRequest(settings(by, encrypted=False), query["SAMLRequest"])
    brought = {**BROUGHT, "get_data": query, "query_string": urlsplit(address).query}
    assert theirs.is_valid(brought, raise_exceptions=True)
