"""Turns of SAML single sign-on, as walks: a signed-in citizen comes with a signed request by redirect and is sent back
with a signed Response and an encrypted Assertion. Beside them stands what no turn can be quicker than: the signatures
alone, one after the other.
"""

import base64
import itertools
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from federation.saml import names, redirecting, signing
from federation.saml.algorithms import RSA, Signing
from federation.saml.credentials import KeySigner, NewCredential, new_credential, open_private
from federation.saml.writing import Xml, instant
from idp.app import build_services
from idp.config import load_settings
from idp.saml.registry import ServiceProviderRegistry
from idp.saml.service_provider import Terms
from tests.bench.load import Load, once
from tests.bench.provider import Ours, cookie, filled
from tests.bench.signing import ALGORITHMS, bare
from tests.bench.walks import Answer, Place, Walk, WrongAnswer, proved
from tests.support.forms import form

SSO = "/saml/sso"
FRESH = 32
"""Requests that are signed for each time somebody drives; they are taken for some minutes only."""
_NAME = "urn:oid:2.16.840.1.113730.3.1.241"
_LEAST = 0.8
"""A page with a refusal in it is shorter than one with an assertion by more than two pages differ."""


@dataclass(frozen=True)
class Portal:
    """A service provider. `kind` is that of its own key and of ours towards it."""

    kind: str
    both_signed: bool = False
    """Whether it wants a signature of the Assertion too."""

    @cached_property
    def entity_id(self) -> str:
        return f"https://{self.kind.lower()}{int(self.both_signed)}.example/saml"

    @cached_property
    def credential(self) -> NewCredential:
        return new_credential(self.kind, self.entity_id, int(time.time()))

    @cached_property
    def encryption(self) -> NewCredential:
        """Keys to encrypt to are always RSA."""
        return new_credential(RSA, self.entity_id, int(time.time()))

    @cached_property
    def signer(self) -> KeySigner:
        key = open_private(self.credential.private_der)
        return KeySigner(key, self.credential.certificate, Signing(ALGORITHMS[self.kind], names.SHA256))

    @property
    def metadata(self) -> str:
        method = f'<alg:SigningMethod Algorithm="{ALGORITHMS[self.kind]}"/>'
        return (
            f'<md:EntityDescriptor xmlns:md="{names.METADATA}" xmlns:ds="{names.DS}" entityID="{self.entity_id}">'
            f'<md:Extensions xmlns:alg="{names.ALGSUPPORT}">{method}</md:Extensions>'
            f'<md:SPSSODescriptor protocolSupportEnumeration="{names.PROTOCOL}" AuthnRequestsSigned="true"'
            f' WantAssertionsSigned="{str(self.both_signed).lower()}">'
            f"{_key('signing', self.credential)}{_key('encryption', self.encryption)}"
            f'<md:AssertionConsumerService Binding="{names.POST}" Location="{self.entity_id}/acs" index="0"/>'
            f'<md:AttributeConsumingService index="0"><md:ServiceName xml:lang="zh">S</md:ServiceName>'
            f'<md:RequestedAttribute Name="{_NAME}" NameFormat="{names.URI_NAMES}"/></md:AttributeConsumingService>'
            "</md:SPSSODescriptor></md:EntityDescriptor>"
        )

    def query(self, address: str) -> str:
        """A signed request of now to `address`, in a query."""
        request = (
            f'<samlp:AuthnRequest xmlns:samlp="{names.PROTOCOL}" xmlns:saml="{names.ASSERTION}"'
            f' ID="_{secrets.token_hex(16)}" Version="2.0" IssueInstant="{instant(int(time.time()))}"'
            f' Destination="{address}"><saml:Issuer>{self.entity_id}</saml:Issuer></samlp:AuthnRequest>'
        )
        parameters = [("SAMLRequest", redirecting.encoded(Xml(request))), ("RelayState", secrets.token_urlsafe(16))]
        return signing.signed_query(parameters, self.signer)


def _key(use: str, credential: NewCredential) -> str:
    return (
        f'<md:KeyDescriptor use="{use}"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{credential.certificate}'
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


@dataclass(frozen=True)
class Turning:
    """A portal at a provider where some citizens agreed to it."""

    portal: Portal
    port: int
    cookies: Sequence[str]
    path: str
    least: int
    """Bytes that an answer has at least."""

    def addresses(self) -> Sequence[str]:
        """Fresh requests of that portal."""
        address = f"http://127.0.0.1:{self.port}{SSO}"
        return [f"{self.path}?{self.portal.query(address)}" for _ in range(FRESH)]

    def turns(self) -> Callable[[], Walk]:
        addresses, browsers = itertools.cycle(self.addresses()), itertools.cycle(self.cookies)
        return lambda: self._turn(next(addresses), next(browsers))

    def _turn(self, address: str, browser: str) -> Walk:
        answer = proved((yield Place(self.port, "", "").get(address, f"Cookie: {browser}")), 200)
        if len(answer.body) < self.least:
            raise WrongAnswer("no assertion")


def acquainted(folder: Path, state_url: str | None, ours: Ours, portal: Portal) -> Turning:
    """Register a portal at a provider that runs; its citizens agree to it."""
    _register(folder, state_url, portal)
    least: list[int] = []
    turning = Turning(portal, ours.port, ours.cookies, SSO, 0)
    for person, browser in zip(ours.people, ours.cookies, strict=True):
        once(ours.port, _meeting(turning, person, browser, least))
    return Turning(portal, ours.port, ours.cookies, SSO, int(min(least) * _LEAST))


def _register(folder: Path, state_url: str | None, portal: Portal) -> None:
    variables = {"IDP_ISSUER": "http://127.0.0.1", "IDP_DATA_DIR": str(folder)}
    services = build_services(load_settings(variables | ({"IDP_STATE_URL": state_url} if state_url else {})))
    try:
        registry = ServiceProviderRegistry(services.records.service_providers, services.clock, services.versions)
        registry.add(portal.metadata.encode(), Terms())
    finally:
        services.close()


def _meeting(turning: Turning, person: str, browser: str, least: list[int]) -> Walk:
    """A citizen who is signed in agrees to what a portal asks, and is led back with an assertion."""
    place, jar = Place(turning.port, "", ""), dict(pair.split("=", 1) for pair in browser.split("; "))
    answer = yield place.get(turning.addresses()[0], f"Cookie: {browser}")
    for _ in range(5):
        if answer.status == 303:
            answer = yield place.get(answer.header("location"), f"Cookie: {cookie(jar)}")
        elif b'name="SAMLResponse"' in answer.body:
            least.append(_asserted(answer, turning.portal))
            return
        else:
            answer = yield filled(place, proved(answer, 200), person, jar)
    raise WrongAnswer("no way back to the portal")


def _asserted(answer: Answer, portal: Portal) -> int:
    """The length of a page that brings an encrypted assertion in a Response that is signed as the portal wants."""
    message = base64.b64decode(form(answer.body.decode(), "SAMLResponse").fields["SAMLResponse"][0])
    method = f'<ds:SignatureMethod Algorithm="{ALGORITHMS[portal.kind]}">'.encode()
    if b"<saml:EncryptedAssertion" not in message or method not in message:
        raise WrongAnswer("no encrypted assertion, or not signed as it should be")
    return len(answer.body)


def signatures(kind: str) -> Callable[[float], Load]:
    """Bare signatures of this kind, one after the other in this process."""
    sign = bare(kind)

    def signed(seconds: float) -> Load:
        taken, last = [], time.perf_counter()
        until = last + seconds
        while last < until:
            sign()
            now = time.perf_counter()
            taken.append(now - last)
            last = now
        return Load(seconds, taken)

    return signed
