"""What the libraries of service providers write, as they write it: our schema is strict, and not stricter than they."""

import textwrap
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.saml import NameID

from federation.saml import arriving, authn_request, logout
from federation.saml.name_id import NameId
from federation.saml.names import POST, PROTOCOL, REDIRECT, RSA_SHA256, SHA256
from tests.support.saml_messages import IDP, SLO, SP, SSO, in_form, rsa_peer

PEER = rsa_peer()
PEM = PEER.key.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
CERTIFICATE = "\n".join(textwrap.wrap(PEER.certificate, 64))
ACS = "https://sp.example/acs"
OURS = (
    f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}"><md:IDPSSODescriptor '
    f'protocolSupportEnumeration="{PROTOCOL}"><md:SingleLogoutService Binding="{POST}" Location="{SLO}"/>'
    f'<md:SingleSignOnService Binding="{REDIRECT}" Location="{SSO}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
)


def form(document: str | bytes) -> arriving.Message:
    return arriving.from_form(in_form(document), None).proved([PEER.public])


@pytest.fixture(scope="module")
def pysaml2(tmp_path_factory: pytest.TempPathFactory) -> Saml2Client:
    folder: Path = tmp_path_factory.mktemp("pysaml2")
    (folder / "key.pem").write_bytes(PEM)
    (folder / "cert.pem").write_text(
        f"-----BEGIN CERTIFICATE-----\n{CERTIFICATE}\n-----END CERTIFICATE-----\n", encoding="ascii"
    )
    service = {
        "endpoints": {"assertion_consumer_service": [(ACS, POST)], "single_logout_service": [(f"{SP}/slo", POST)]}
    }
    config = {
        "entityid": SP,
        "key_file": str(folder / "key.pem"),
        "cert_file": str(folder / "cert.pem"),
        "service": {"sp": service | {"authn_requests_signed": True}},
        "metadata": {"inline": [OURS]},
    }
    return Saml2Client(config=SPConfig().load(config))


def test_pysaml2_asks_by_post(pysaml2: Saml2Client) -> None:
    context = {"authn_context_class_ref": ["urn:x"], "comparison": "minimum"}
    _, document = pysaml2.create_authn_request(
        SSO, sign=True, binding=POST, requested_authn_context=context, sign_alg=RSA_SHA256, digest_alg=SHA256
    )
    read = authn_request.read(form(str(document)))
    assert (read.issuer, read.acs_url, read.destination, read.signed) == (SP, ACS, SSO, True)


def test_pysaml2_asks_by_redirect(pysaml2: Saml2Client) -> None:
    _, sent = pysaml2.prepare_for_authenticate(
        entityid=IDP, relay_state="a b/c", binding=REDIRECT, sign=True, sigalg=RSA_SHA256
    )
    arrived = arriving.from_query(urlsplit(dict(sent["headers"])["Location"]).query, "SAMLRequest")
    assert (arrived.proved([PEER.public]).relay_state, arrived.issuer) == ("a b/c", SP)


def test_pysaml2_ends_a_session(pysaml2: Saml2Client) -> None:
    _, document = pysaml2.create_logout_request(
        SLO,
        IDP,
        name_id=NameID(text="张三", format="urn:f"),
        session_indexes=["a", "b"],
        reason="urn:r",
        expire="2026-01-01T00:00:00Z",
        sign=True,
        sign_alg=RSA_SHA256,
        digest_alg=SHA256,
    )
    read = logout.read_request(form(str(document)))
    assert (read.name_id, read.session_indexes, read.reason) == (NameId("张三", "urn:f"), ("a", "b"), "urn:r")


@pytest.fixture(scope="module")
def python3_saml() -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": SP,
                "assertionConsumerService": {"url": ACS, "binding": POST},
                "singleLogoutService": {"url": f"{SP}/slo", "binding": REDIRECT},
                "x509cert": CERTIFICATE,
                "privateKey": PEM.decode(),
            },
            "idp": {"entityId": IDP, "singleSignOnService": {"url": SSO}, "singleLogoutService": {"url": SLO}}
            | {"x509cert": CERTIFICATE},
            "security": {"requestedAuthnContext": ["urn:a", "urn:b"]},
            "organization": {"zh": {"name": "不动产", "displayname": "不动产", "url": "https://sp.example"}},
        }
    )


def signed(document: str) -> bytes:
    added = OneLogin_Saml2_Utils.add_sign(document, PEM.decode(), OneLogin_Saml2_Utils.format_cert(CERTIFICATE))
    return added if isinstance(added, bytes) else added.encode()


def test_python3_saml_asks_for_somebody(python3_saml: OneLogin_Saml2_Settings) -> None:
    asked = OneLogin_Saml2_Authn_Request(python3_saml, force_authn=True, name_id_value_req="zhang@sp.example")
    read = authn_request.read(form(signed(asked.get_xml())))
    assert (read.force_authn, read.acs_url) == (True, ACS)
    assert read.subject is not None
    assert read.subject.value == "zhang@sp.example"
    assert read.requested_context is not None
    assert read.requested_context.class_refs == ("urn:a", "urn:b")


def test_python3_saml_ends_a_session(python3_saml: OneLogin_Saml2_Settings) -> None:
    asked = OneLogin_Saml2_Logout_Request(python3_saml, name_id="x", session_index="_s", nq="urn:q", spnq="urn:s")
    read = logout.read_request(form(signed(asked.get_xml())))
    assert (read.name_id, read.session_indexes) == (NameId("x", None, "urn:q", "urn:s"), ("_s",))
