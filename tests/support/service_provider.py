"""A service provider of others: it writes requests as plain text, signs them by libxmlsec1, and takes of our Responses
only what libxmlsec1 verified and opened."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from lxml import etree
from werkzeug.test import TestResponse

from federation.saml import names
from federation.saml.algorithms import RSA
from federation.saml.credentials import new_credential
from idp.saml.keys import METADATA_SIGNING
from idp.saml.service_provider import ServiceProvider, party_id_of
from tests.support import saml_judges
from tests.support.forms import form
from tests.support.provider import ISSUER, Person, Provider, Visitor
from tests.support.sp_metadata import UI, at, entity

SSO = f"{ISSUER}/saml/sso"
ENTITY = f"{ISSUER}/saml/metadata"
OID = "urn:oid:"
NAME = f"{OID}2.16.840.1.113730.3.1.241"
NUMBER = "urn:citizen-idp:attribute:citizen_id_number"


@cache
def credential(name: str) -> tuple[bytes, str]:
    """A private key (DER) and its certificate (DER in base64)."""
    made = new_credential(RSA, name, saml_judges.EXAMPLE_TIME)
    return made.private_der, made.certificate


@dataclass
class Heard:
    """A Response as the service provider took it: verified, and its assertion opened."""

    place: str
    response: Any
    assertion: Any
    relay_state: str | None

    @property
    def statuses(self) -> list[str]:
        """The last words of the status codes, the top-level one first."""
        return [each.get("Value").rpartition(":")[2] for each in self.response.iter(f"{{{names.PROTOCOL}}}StatusCode")]

    def text(self, path: str) -> str:
        return str(self.element(path).text)

    def element(self, path: str) -> Any:
        found = self.assertion.find(f".//{{{names.ASSERTION}}}{path}")
        assert found is not None, path
        return found

    @property
    def attributes(self) -> dict[str, list[str]]:
        return {
            each.get("Name"): [value.text for value in each]
            for each in self.assertion.iter(f"{{{names.ASSERTION}}}Attribute")
        }


@dataclass
class TestedProvider:
    """`asks` are SAML names of attributes, each with whether it is required."""

    __test__ = False

    provider: Provider
    name: str = "sp"
    asks: Mapping[str, bool] = field(default_factory=dict)
    role: str = ""
    encrypts: bool = True
    places: Sequence[str] = ()
    """More AssertionConsumerService elements, as text."""
    entity_extensions: str = ""
    terms: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    """Whose key it signs with, if not its own."""
    count: int = 0

    def __post_init__(self) -> None:
        self.publish()

    def publish(self, valid_until: float | None = None, **terms: Any) -> ServiceProvider:
        """Its metadata, new or again, and what an operator sets of it."""
        document = entity(
            _quoted(self.entity_id),
            acs=_quoted(self.acs),
            attributes=f'validUntil="{at(valid_until)}"' if valid_until else "",
            role=self.role,
            keys=[credential(self.name)[1]],
            extensions=UI,
        )
        head, end, rest = document.partition(" >")
        document = f"{head}>{self.entity_extensions}{rest}" if end else document
        if not self.encrypts:
            document = document.replace("<md:KeyDescriptor>", '<md:KeyDescriptor use="signing">')
        document = document.replace(
            "</md:SPSSODescriptor>", "".join(self.places) + self._asked + "</md:SPSSODescriptor>"
        )
        return self.provider.service_provider(document, **(dict(self.terms) | terms))

    def gone(self, how: str, after: float = 1) -> None:
        """Disabled, removed, or with metadata that has expired; `after` so many seconds."""
        registry = self.provider.service_providers
        if how == "expired":
            self.publish(valid_until=self.provider.clock.now() + after)
        else:
            listed = registry.find(self.party_id)
            assert listed is not None
            registry.set_enabled(listed, enabled=False) if how == "disabled" else registry.remove(listed)
        self.provider.clock.advance(after)

    @property
    def host(self) -> str:
        return f"https://{self.name}.example"

    @property
    def entity_id(self) -> str:
        return f"{self.host}/saml"

    @property
    def acs(self) -> str:
        return f"{self.host}/acs"

    @property
    def party_id(self) -> str:
        return party_id_of(self.entity_id)

    @property
    def _asked(self) -> str:
        if not self.asks:
            return ""
        wanted = "".join(
            f'<md:RequestedAttribute Name="{name}" NameFormat="{names.URI_NAMES}"'
            f' isRequired="{str(required).lower()}"/>'
            for name, required in self.asks.items()
        )
        return (
            '<md:AttributeConsumingService index="0"><md:ServiceName xml:lang="zh">S</md:ServiceName>'
            f"{wanted}</md:AttributeConsumingService>"
        )

    # -- what it says ----------------------------------------------------------------------------------------------

    def request(self, *, inner: str = "", now: float | None = None, **attributes: str | None) -> str:
        """An honest AuthnRequest; None leaves an attribute out."""
        self.count += 1
        honest: dict[str, str | None] = {
            "ID": f"_{self.name}-{self.count}",
            "Version": "2.0",
            "IssueInstant": at(self.provider.clock.now() if now is None else now),
            "Destination": SSO,
        }
        told = "".join(
            f" {name}={quoteattr(value)}" for name, value in (honest | attributes).items() if value is not None
        )
        return (
            f'<samlp:AuthnRequest xmlns:samlp="{names.PROTOCOL}" xmlns:saml="{names.ASSERTION}"{told}>'
            f"<saml:Issuer>{escape(self.entity_id)}</saml:Issuer>{inner}</samlp:AuthnRequest>"
        )

    def address(self, request: str | None = None, relay_state: str | None = None, *, signed: bool = False) -> str:
        """Where a browser brings it by redirect."""
        deflate = zlib.compressobj(wbits=-15)
        raw = deflate.compress((request or self.request()).encode()) + deflate.flush()
        query = "SAMLRequest=" + quote_plus(base64.b64encode(raw))
        if relay_state is not None:
            query += "&RelayState=" + quote_plus(relay_state)
        return f"/saml/sso?{self._signed(query) if signed else query}"

    def _signed(self, query: str) -> str:
        query += "&SigAlg=" + quote_plus(names.RSA_SHA256)
        context = xmlsec.SignatureContext()
        context.key = self._key
        signature = context.sign_binary(query.encode(), xmlsec.constants.TransformRsaSha256)
        return f"{query}&Signature={quote_plus(base64.b64encode(signature))}"

    def fields(
        self, request: str | None = None, relay_state: str | None = None, *, signed: bool = False
    ) -> dict[str, str]:
        """What a browser posts."""
        text = request or self.request()
        message = self.enveloped(text) if signed else text.encode()
        told = {"SAMLRequest": base64.b64encode(message).decode()}
        return told if relay_state is None else told | {"RelayState": relay_state}

    def enveloped(self, text: str) -> bytes:
        """With a signature within, after the Issuer."""
        root: Any = etree.fromstring(text)
        signature = xmlsec.template.create(
            root, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256
        )
        root.insert(1, signature)
        reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri="#" + root.get("ID"))
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = self._key
        context.sign(signature)
        return bytes(etree.tostring(root))

    @property
    def _key(self) -> Any:
        pem = saml_judges.pem(base64.b64encode(credential(self.key or self.name)[0]).decode(), "PRIVATE KEY")
        return xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)

    # -- what it hears ---------------------------------------------------------------------------------------------

    def hears(self, response: TestResponse) -> Heard:
        """What a browser posts here, from a page of ours."""
        assert response.status_code == 200, response.text
        posted = form(response.text, "SAMLResponse")
        fields = {name: values[0] for name, values in posted.fields.items()}
        return self.takes(base64.b64decode(fields["SAMLResponse"]), posted.action, fields.get("RelayState"))

    def takes(self, message: bytes, place: str, relay_state: str | None = None) -> Heard:
        """A Response, by whatever way it came."""
        root = saml_judges.parsed(message)
        certificate = self.our_certificate
        saml_judges.proved(root, certificate)
        found = root.find(f"{{{names.ASSERTION}}}Assertion")
        sealed = root.find(f"{{{names.ASSERTION}}}EncryptedAssertion")
        if sealed is not None:
            found = saml_judges.opened(sealed, credential(self.name)[0])
        if found is not None and found.find(f"{{{names.DS}}}Signature") is not None:
            saml_judges.proved(found, certificate)
        return Heard(place, root, found, relay_state)

    @property
    def our_certificate(self) -> str:
        return self.provider.services.saml_keys.signer(METADATA_SIGNING).certificate

    # -- walks -------------------------------------------------------------------------------------------------------

    def arrive(self, visitor: Visitor, person: Person, **request: Any) -> Heard:
        """Sign in and agree to all that is asked."""
        page = visitor.password(visitor.get(self.address(self.request(**request))), person)
        if "decision" in page.text:
            page = visitor.allow(page)
        return self.hears(page)

    def hop(self, visitor: Visitor, **request: Any) -> Heard:
        """While signed in."""
        return self.hears(visitor.get(self.address(self.request(**request))))

    def posts(self, visitor: Visitor, fields: Mapping[str, str]) -> TestResponse:
        return visitor.post_from(self.host, "/saml/sso", fields)


def _quoted(value: str) -> str:
    return escape(value, {'"': "&quot;"})
