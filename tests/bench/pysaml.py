"""The same turn built with pysaml2 and Debian's xmlsec1, which it starts for each thing that it signs, checks or
encrypts: in this process, without HTTP, without a session and without a store."""

import shutil
import time
import warnings
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from federation.saml.algorithms import RSA
from federation.saml.credentials import new_credential
from tests.bench.saml import SSO, Portal
from tests.bench.walks import WrongAnswer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what it uses and cryptography will drop
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
    from saml2.config import IdPConfig
    from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_TRANSIENT, NameID
    from saml2.server import Server

ISSUER = "http://127.0.0.1"


def present() -> bool:
    return shutil.which("xmlsec1") is not None


def turns_per_second(folder: Path, portal: Portal, seconds: float) -> float:
    """Of a portal whose keys are RSA: a signed request by redirect to the form with a signed Response and an encrypted
    Assertion in it."""
    server = _server(folder, portal)
    query = parse_qs(portal.query(ISSUER + SSO))
    begun, count = time.perf_counter(), 0
    while (taken := time.perf_counter() - begun) < seconds or not count:
        _turn(server, portal, {name: values[0] for name, values in query.items()})
        count += 1
    return count / taken


def _turn(server: Any, portal: Portal, query: dict[str, str]) -> None:
    asked = server.parse_authn_request(
        query["SAMLRequest"], BINDING_HTTP_REDIRECT, query["RelayState"], query["SigAlg"], query["Signature"]
    ).message
    answer = server.create_authn_response(
        {"displayName": "李静文"},
        asked.id,
        f"{portal.entity_id}/acs",
        portal.entity_id,
        name_id=NameID(format=NAMEID_FORMAT_TRANSIENT, text="_5ZIXqWyHwSXdXvGfXJQTrOzLpxRxkBcL"),
        authn={"class_ref": "urn:citizen-idp:aal:1"},
        sign_response=True,
        sign_assertion=portal.both_signed,
        encrypt_assertion=True,
        encrypt_cert_assertion=portal.encryption.certificate,
    )
    if "EncryptedAssertion" not in str(answer):
        raise WrongAnswer("pysaml2: no encrypted assertion")
    server.apply_binding(BINDING_HTTP_POST, str(answer), f"{portal.entity_id}/acs", query["RelayState"], response=True)


def _server(folder: Path, portal: Portal) -> Any:
    made = new_credential(RSA, "pysaml2", int(time.time()))
    key, certificate = folder / "pysaml2.key", folder / "pysaml2.crt"
    key.write_text(_pem(b64encode(made.private_der).decode(), "PRIVATE KEY"))
    certificate.write_text(_pem(made.certificate, "CERTIFICATE"))
    return Server(
        config=IdPConfig().load(
            {
                "entityid": f"{ISSUER}/saml/metadata",
                "service": {
                    "idp": {
                        "endpoints": {"single_sign_on_service": [(ISSUER + SSO, BINDING_HTTP_REDIRECT)]},
                        "policy": {"default": {"attribute_restrictions": None, "name_form": NAME_FORMAT_URI}},
                        "want_authn_requests_signed": True,
                    }
                },
                "metadata": {"inline": [portal.metadata]},
                "key_file": str(key),
                "cert_file": str(certificate),
                "xmlsec_binary": shutil.which("xmlsec1"),
            }
        )
    )


def _pem(base64: str, kind: str) -> str:
    lines = [base64[at : at + 64] for at in range(0, len(base64), 64)]
    return "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""))
