"""Service providers of others, as their users write them, with one face for tests: python3-saml, pysaml2 and node-saml.

They are plain libraries: what a browser would carry between them and the provider, a test carries.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import time
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.client import Saml2Client
from saml2.config import SPConfig
from saml2.metadata import entity_descriptor
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from federation.saml import algorithms, names
from federation.saml.credentials import new_credential
from tests.support.forms import forms
from tests.support.openid_client import Party

NAME, ADDRESS = "urn:oid:2.16.840.1.113730.3.1.241", "urn:oid:2.5.4.16"
REQUESTED = {"displayName": NAME, "postalAddress": ADDRESS}


@dataclass(frozen=True)
class Carried:
    """What a browser carries: to an address, in its query or in a form."""

    address: str
    fields: Mapping[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.address).query))


@dataclass(frozen=True)
class Known:
    """Whom a service provider takes the citizen for."""

    name_id: str
    session_index: str
    level: str
    attributes: Mapping[str, list[str]]


class Refused(Exception):
    """By the library."""


class Library(Protocol):
    """One service provider, which signs what it sends and has a key to be encrypted to."""

    host: str

    def metadata(self) -> str: ...

    def ask(self, level: str = "", *, by_post: bool = False) -> Carried:
        """An AuthnRequest; for `level` at least, if it is named."""
        ...

    def finish(self, fields: Mapping[str, str]) -> Known:
        """The answer, which comes by POST. Raises `Refused`."""
        ...

    def leave(self) -> Carried:
        """A LogoutRequest, of whom it knows."""
        ...

    def left(self, answer: Carried) -> None:
        """The LogoutResponse. Raises `Refused`."""
        ...

    def told(self, asked: Carried) -> Carried:
        """A LogoutRequest of the provider's; the answer. Raises `Refused`."""
        ...


@cache
def _made() -> tuple[str, str]:
    """A private key in PEM, and its certificate in base64."""
    made = new_credential(algorithms.RSA, "library", int(time()))
    key = base64.encodebytes(made.private_der).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{key}-----END PRIVATE KEY-----\n", made.certificate


def _pem(certificate: str) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n"


class Python3Saml:
    host = "https://python3-saml.example"

    def __init__(self, idp: str, _folder: Path) -> None:
        self._idp = OneLogin_Saml2_IdPMetadataParser.parse(idp.encode())["idp"]
        self._known: OneLogin_Saml2_Auth = None
        self._asked = ""

    def _settings(self, level: str = "") -> OneLogin_Saml2_Settings:
        key, certificate = _made()
        own = {
            "entityId": f"{self.host}/metadata",
            "assertionConsumerService": {"url": f"{self.host}/acs"},
            "singleLogoutService": {"url": f"{self.host}/slo"},
            "attributeConsumingService": {
                "serviceName": "python3-saml",
                "serviceDescription": "",
                "requestedAttributes": [
                    {"name": name, "friendlyName": friendly, "nameFormat": names.URI_NAMES, "isRequired": True}
                    for friendly, name in REQUESTED.items()
                ],
            },
            "NameIDFormat": names.TRANSIENT,
            "x509cert": certificate,
            "privateKey": key,
        }
        security = {
            "authnRequestsSigned": True,
            "logoutRequestSigned": True,
            "logoutResponseSigned": True,
            "wantMessagesSigned": True,
            "wantAssertionsEncrypted": True,
            "requestedAuthnContext": [level] if level else False,
            "requestedAuthnContextComparison": "minimum",
        }
        return OneLogin_Saml2_Settings({"strict": True, "sp": own, "idp": self._idp, "security": security})

    def _auth(self, path: str, level: str = "", **told: Any) -> OneLogin_Saml2_Auth:
        request = {"https": "on", "http_host": urlsplit(self.host).netloc, "script_name": path, "get_data": {}}
        return OneLogin_Saml2_Auth(request | told, self._settings(level))

    def metadata(self) -> str:
        told = self._settings().get_sp_metadata()
        return told if isinstance(told, str) else told.decode()

    def ask(self, level: str = "", *, by_post: bool = False) -> Carried:
        auth = self._auth("/login", level)
        if not by_post:
            address = auth.login(return_to="state-1")
            self._asked = auth.get_last_request_id()
            return Carried(address)
        request = OneLogin_Saml2_Authn_Request(auth.get_settings())
        self._asked = request.get_id()
        key, certificate = _made()
        signed = OneLogin_Saml2_Utils.add_sign(request.get_xml(), key, _pem(certificate))
        return Carried(auth.get_sso_url(), {"SAMLRequest": base64.b64encode(signed).decode(), "RelayState": "state-1"})

    def finish(self, fields: Mapping[str, str]) -> Known:
        auth = self._auth("/acs", post_data=dict(fields))
        auth.process_response(self._asked)
        if auth.get_errors():
            raise Refused(auth.get_last_error_reason())
        self._known = auth
        (level,) = auth.get_last_authn_contexts()
        return Known(auth.get_nameid(), auth.get_session_index(), level, auth.get_attributes())

    def leave(self) -> Carried:
        who, auth = self._known, self._auth("/logout")
        address = auth.logout(
            name_id=who.get_nameid(),
            session_index=who.get_session_index(),
            nq=who.get_nameid_nq(),
            name_id_format=who.get_nameid_format(),
            spnq=who.get_nameid_spnq(),
        )
        self._asked = auth.get_last_request_id()
        return Carried(address)

    def left(self, answer: Carried) -> None:
        self._slo(answer, self._asked)

    def told(self, asked: Carried) -> Carried:
        return Carried(self._slo(asked))

    def _slo(self, carried: Carried, request_id: str | None = None) -> str:
        query = urlsplit(carried.address).query
        auth = self._auth("/slo", get_data=carried.query, query_string=query, validate_signature_from_qs=True)
        address = auth.process_slo(keep_local_session=True, request_id=request_id)
        if auth.get_errors():
            raise Refused(f"{auth.get_errors()} {auth.get_last_error_reason()}")
        return str(address)


class PySaml2:
    host = "https://pysaml2.example"

    def __init__(self, idp: str, folder: Path) -> None:
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        key.write_text(_made()[0])
        certificate.write_text(_pem(_made()[1]))
        pair = {"key_file": str(key), "cert_file": str(certificate)}
        endpoints = {
            "assertion_consumer_service": [(f"{self.host}/acs", BINDING_HTTP_POST)],
            "single_logout_service": [(f"{self.host}/slo", BINDING_HTTP_REDIRECT)],
        }
        service = {
            "endpoints": endpoints,
            "authn_requests_signed": True,
            "logout_requests_signed": True,
            "logout_responses_signed": True,
            "want_response_signed": True,
            "want_assertions_signed": False,
            "name_id_format": [names.TRANSIENT],
            "required_attributes": list(REQUESTED),
            "signing_algorithm": SIG_RSA_SHA256,
            "digest_algorithm": DIGEST_SHA256,
        }
        self._config = SPConfig().load(
            {
                "entityid": f"{self.host}/metadata",
                "name": "pysaml2",
                "service": {"sp": service},
                "metadata": {"inline": [idp]},
                "encryption_keypairs": [pair],
                "requested_attribute_name_format": names.URI_NAMES,
                **pair,
            }
        )
        self._client = Saml2Client(self._config)
        self._outstanding: dict[str, str] = {}
        self._name_id: Any = None

    def metadata(self) -> str:
        return str(entity_descriptor(self._config))

    def ask(self, level: str = "", *, by_post: bool = False) -> Carried:
        wanted = {"authn_context_class_ref": [level], "comparison": "minimum"} if level else None
        binding = BINDING_HTTP_POST if by_post else BINDING_HTTP_REDIRECT
        asked, _, sent = self._client.prepare_for_negotiated_authenticate(
            relay_state="state-1", binding=binding, sign=True, requested_authn_context=wanted
        )
        self._outstanding[asked] = "/"
        return _sent(sent)

    def finish(self, fields: Mapping[str, str]) -> Known:
        answer = _asks(
            lambda: self._client.parse_authn_request_response(
                fields["SAMLResponse"], BINDING_HTTP_POST, self._outstanding
            )
        )
        self._name_id = answer.name_id
        ((level, _, _),) = answer.authn_info()
        attributes = {REQUESTED.get(name, name): values for name, values in answer.ava.items()}
        return Known(self._name_id.text, answer.session_info()["session_index"], level, attributes)

    def leave(self) -> Carried:
        idps = self._client.users.issuers_of_info(self._name_id)
        told = self._client.do_logout(self._name_id, idps, "", None, expected_binding=BINDING_HTTP_REDIRECT)
        ((_, sent),) = told.values()
        return _sent(sent)

    def left(self, answer: Carried) -> None:
        """It looks at no signature here."""
        told = answer.query["SAMLResponse"]
        found = _asks(lambda: self._client.parse_logout_request_response(told, BINDING_HTTP_REDIRECT))
        self._client.handle_logout_response(found)

    def told(self, asked: Carried) -> Carried:
        query = asked.query
        return _sent(
            _asks(
                lambda: self._client.handle_logout_request(
                    query["SAMLRequest"], self._name_id, BINDING_HTTP_REDIRECT, sign=True, **_signature(query)
                )
            )
        )


def _signature(query: Mapping[str, str]) -> dict[str, str | None]:
    told = {"relay_state": "RelayState", "sigalg": "SigAlg", "signature": "Signature"}
    return {name: query.get(parameter) for name, parameter in told.items()}


def _sent(sent: Mapping[str, Any]) -> Carried:
    """By pysaml2: a Location, or a page with a form."""
    if sent["method"] == "GET":
        return Carried(dict(sent["headers"])["Location"])
    (form,) = forms("".join(sent["data"]))
    return Carried(form.action, {name: value for name, (value,) in form.fields.items()})


def _asks(work: Callable[[], Any]) -> Any:
    """Raises `Refused` for whatever the library makes of it."""
    try:
        return work()
    except Exception as error:
        raise Refused(repr(error)) from error


class NodeSaml:
    """In a process of its own; each step is a method of `ServiceProvider` in tests/clients/saml.mjs. Its metadata names
    no attributes, so the test says what a developer would write into it."""

    host = "https://node-saml.example"

    def __init__(self, idp: str, party: Party) -> None:
        key, certificate = _made()
        self._party = party
        told = OneLogin_Saml2_IdPMetadataParser.parse(idp.encode())["idp"]
        certificates = told.get("x509certMulti", {}).get("signing") or [told["x509cert"]]
        self._made = {
            "entryPoint": told["singleSignOnService"]["url"],
            "logoutUrl": told["singleLogoutService"]["url"],
            "idpIssuer": told["entityId"],
            "idpCert": certificates,
            "issuer": f"{self.host}/metadata",
            "callbackUrl": f"{self.host}/acs",
            "logoutCallbackUrl": f"{self.host}/slo",
            "privateKey": key,
            "publicCert": _pem(certificate),
            "decryptionPvk": key,
            "identifierFormat": names.TRANSIENT,
        }
        self._party("make", options=self._made)

    def metadata(self) -> str:
        requested = "".join(
            f'<RequestedAttribute Name="{name}" NameFormat="{names.URI_NAMES}" isRequired="true"/>'
            for name in REQUESTED.values()
        )
        service = (
            '<AttributeConsumingService index="0"><ServiceName xml:lang="en">node-saml</ServiceName>'
            f"{requested}</AttributeConsumingService></SPSSODescriptor>"
        )
        told: str = self._party("metadata", certificate=self._made["publicCert"])
        return told.replace("</SPSSODescriptor>", service)

    def ask(self, level: str = "", *, by_post: bool = False) -> Carried:
        sent = self._party("ask", level=level, by_post=by_post)
        return Carried(**sent)

    def finish(self, fields: Mapping[str, str]) -> Known:
        return Known(**self._step("finish", fields=dict(fields)))

    def leave(self) -> Carried:
        return Carried(self._party("leave"))

    def left(self, answer: Carried) -> None:
        self._step("left", fields=answer.fields)

    def told(self, asked: Carried) -> Carried:
        return Carried(self._step("told", fields=asked.fields))

    def _step(self, step: str, **told: Any) -> Any:
        return _asks(lambda: self._party(step, **told))
