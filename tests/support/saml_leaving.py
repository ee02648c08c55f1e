"""A service provider as far as single logout goes: it signs its requests and answers with a key of its own, reads ours
as a library of others does, and has a part in sessions without the way that leads there."""

import base64
import ssl
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lxml import etree
from werkzeug.test import TestResponse

from federation.saml import algorithms, encryption, redirecting, soap, writing
from federation.saml.credentials import KeySigner, new_credential, open_private
from federation.saml.logout import LogoutRequest, LogoutResponse, written_request, written_response
from federation.saml.metadata.entity import EntityKey
from federation.saml.name_id import NameId
from federation.saml.names import ASSERTION, ECDSA_SHA256, PROTOCOL, REDIRECT, SHA256, SOAP, SUCCESS
from idp.login.consent import Consents
from idp.login.transaction import Ask
from idp.saml.keys import METADATA_SIGNING
from idp.saml.naming import PERSISTENT, Naming, index_key
from idp.saml.registry import Listed, ServiceProviderRegistry
from idp.saml.service_provider import party_id_of
from idp.sessions import Session, leg_field
from idp.storage.records.logouts import LogoutState
from idp.storage.state import Guard
from tests.support.forms import forms
from tests.support.provider import ISSUER, Provider, Visitor
from tests.support.signed_in import SignedIn
from tests.support.sp_metadata import UI, at, entity

SLO = f"{ISSUER}/saml/slo"
SLO_SOAP = f"{SLO}/soap"


@cache
def _signer(name: str) -> tuple[KeySigner, str]:
    made = new_credential(algorithms.EC, name, 1_800_000_000)
    key = open_private(made.private_der)
    return KeySigner(key, made.certificate, algorithms.Signing(ECDSA_SHA256, SHA256)), made.certificate


@dataclass
class Asked:
    """A LogoutRequest or LogoutResponse of ours, as it reached a service provider."""

    element: Any
    address: str
    relay_state: str | None = None

    @property
    def id(self) -> str:
        return str(self.element.get("ID"))

    @property
    def kind(self) -> str:
        return etree.QName(self.element).localname

    @property
    def name_id(self) -> Any:
        return self.element.find(f"{{{ASSERTION}}}NameID")

    @property
    def session_indexes(self) -> Sequence[str]:
        return [each.text for each in self.element.findall(f"{{{PROTOCOL}}}SessionIndex")]

    @property
    def codes(self) -> list[str]:
        """The last words of the status codes, the top-level one first."""
        return [each.get("Value").rpartition(":")[2] for each in self.element.iter(f"{{{PROTOCOL}}}StatusCode")]


@dataclass
class LeavingParty:
    """`bindings` are those of its endpoints."""

    provider: Provider
    name: str = "sp"
    bindings: Sequence[str] = (REDIRECT,)
    soap_location: str = ""
    title: str = "社会保险"
    more_keys: Sequence[str] = ()
    home: str = ""
    """Where it lives, if not at a name that nobody has."""
    key: str = ""
    """Whose key it signs with, if not its own."""
    count: int = field(default=0)

    def __post_init__(self) -> None:
        self.publish()

    def publish(self, valid_until: float | None = None) -> None:
        """Its metadata, new or again."""
        locations = {binding: self.soap_location if binding == SOAP else self.location for binding in self.bindings}
        within = "".join(
            f'<md:SingleLogoutService Binding="{binding}" Location="{location}"/>'
            for binding, location in locations.items()
        )
        document = entity(
            self.entity_id,
            acs=f"{self.host}/acs",
            within=within,
            keys=[_signer(self.name)[1], *self.more_keys],
            attributes=f'validUntil="{at(valid_until)}"' if valid_until else "",
            extensions=UI.replace("社会保险", self.title),
        )
        self.provider.service_provider(document)

    def disable(self) -> None:
        self._registry.set_enabled(self._listed, enabled=False)
        self.provider.clock.advance(1)

    def remove(self) -> None:
        self._registry.remove(self._listed)

    @property
    def _registry(self) -> ServiceProviderRegistry:
        return self.provider.service_providers

    @property
    def _listed(self) -> Listed:
        found = self._registry.find(self.party_id)
        assert found is not None
        return found

    @property
    def our_certificate(self) -> str:
        """What it knows our signature by."""
        return self.provider.services.saml_keys.signer(METADATA_SIGNING).certificate

    @property
    def host(self) -> str:
        return self.home or f"https://{self.name}.example"

    @property
    def entity_id(self) -> str:
        return f"{self.host}/saml"

    @property
    def location(self) -> str:
        return f"{self.host}/slo"

    @property
    def party_id(self) -> str:
        return party_id_of(self.entity_id)

    # -- its part in a session -------------------------------------------------------------------------------------

    def join(self, session: Session, *kinds: str) -> Session:
        """As sign-on leaves it: a leg for each kind of name, and where the SessionIndex leads."""
        services = self.provider.services
        for kind in kinds or (PERSISTENT,):
            session = services.sessions.add_leg(session, leg_field(self.party_id, f"{kind}.{'0' * 32}"), b"{}")
        key = index_key(self.party_id, self.index(session))
        services.state.issue_under(session.key, Guard(), key, b"{}", 3_600, 3_600, copy=("head",))
        return session

    def agreed(self, citizen_id: str) -> None:
        """The citizen agrees to be known there."""
        services = self.provider.services
        found = services.service_providers.by_party(self.party_id)
        assert found is not None
        consents = Consents(services.records.consents, services.clock)
        consents.agree(citizen_id, Ask(self.party_id, ("name",)), found.party, frozenset())

    def index(self, session: Session) -> str:
        return self.naming.session_index(self.entity_id, session.head.citizen_id, session.head.lineage)

    def name_id(self, session: Session, kind: str = PERSISTENT) -> NameId:
        return self.naming.name_id(kind, self.entity_id, session.head.citizen_id, session.head.lineage)

    @property
    def naming(self) -> Naming:
        return self.provider.saml_naming

    @property
    def issuer(self) -> str:
        return self.provider.services.settings.issuer

    @property
    def _slo(self) -> str:
        return f"{self.issuer}/saml/slo"

    # -- what it says ----------------------------------------------------------------------------------------------

    def request(self, session: Session, **changes: Any) -> LogoutRequest:
        """An honest one; for `session`."""
        self.count += 1
        now = int(self.provider.clock.now())
        honest = LogoutRequest(
            id=f"_{self.name}-{self.count}",
            issuer=self.entity_id,
            issue_instant=now,
            name_id=self.name_id(session),
            session_indexes=(self.index(session),),
            destination=self._slo,
            not_on_or_after=now + 300,
        )
        return replace(honest, **changes)

    def response(self, asked: Asked, **changes: Any) -> LogoutResponse:
        """A yes to what was asked."""
        self.count += 1
        honest = LogoutResponse(
            id=f"_{self.name}-{self.count}",
            issuer=self.entity_id,
            issue_instant=int(self.provider.clock.now()),
            in_response_to=asked.id,
            status=SUCCESS,
            destination=self._slo,
        )
        return replace(honest, **changes)

    def address(self, said: LogoutRequest | LogoutResponse, relay_state: str | None = None) -> str:
        """Where a browser brings it by redirect."""
        parameter = "SAMLRequest" if isinstance(said, LogoutRequest) else "SAMLResponse"
        return redirecting.address("/saml/slo", parameter, _written(said, None), relay_state, self._signer)

    def address_of_encrypted(self, said: LogoutRequest, to: Sequence[EntityKey]) -> str:
        """As `address`; the name is encrypted to one of these keys."""
        recipient = encryption.recipient(to, allow_cbc=False)
        assert recipient is not None
        plain = writing.name_id(said.name_id, declared=False)
        encrypted = encryption.encrypt(plain, recipient, encryption.NAME_ID)
        message = writing.Xml(_written(said, None).replace(plain, encrypted))
        return redirecting.address("/saml/slo", "SAMLRequest", message, None, self._signer)

    def fields(
        self, said: LogoutRequest | LogoutResponse, relay_state: str | None = None, *, signed: bool = True
    ) -> dict[str, str]:
        """What a browser posts."""
        parameter = "SAMLRequest" if isinstance(said, LogoutRequest) else "SAMLResponse"
        message = base64.b64encode(_written(said, self._signer if signed else None).encode()).decode()
        return {parameter: message} | ({"RelayState": relay_state} if relay_state else {})

    def envelope(self, said: LogoutRequest | LogoutResponse, *, signed: bool = True) -> bytes:
        return soap.wrapped(_written(said, self._signer if signed else None)).encode()

    @property
    def _signer(self) -> KeySigner:
        return _signer(self.key or self.name)[0]

    # -- what it hears ---------------------------------------------------------------------------------------------

    def hears(self, response: TestResponse) -> Asked:
        """What a browser brings here, by redirect or by a form of ours."""
        if response.status_code == 303:
            address = response.location
            raw, fields = read_query(urlsplit(address).query)
        else:
            [posted] = [each for each in forms(response.text) if each.fields.keys() & {"SAMLRequest", "SAMLResponse"}]
            address, fields = posted.action, {name: values[0] for name, values in posted.fields.items()}
            raw = base64.b64decode(_message(fields))
        assert address.startswith(self.location), f"not sent here: {address}"
        return Asked(etree.fromstring(raw), address, fields.get("RelayState"))

    def answers(self, visitor: Visitor, response: TestResponse, **changes: Any) -> TestResponse:
        """The browser comes from our `response` and goes back to us with its answer, by redirect."""
        return visitor.get(self.address(self.response(self.hears(response), **changes)))


def session_of(at: SignedIn) -> Session:
    handle = at.visitor.http.get_cookie("__Host-idp-session", "id.example")
    session = at.provider.services.sessions.load(handle.value) if handle else None
    assert session is not None
    return session


def states(provider: Provider) -> dict[str, LogoutState]:
    return {line.duty.client_id: line.state for line in provider.services.records.logouts.search()}


def posted(visitor: Visitor, fields: dict[str, str]) -> TestResponse:
    return visitor.post_from("https://sp.example", "/saml/slo", fields)


def pressed(page: TestResponse) -> str:
    """Where the main button of a page leads."""
    return unescape(page.text.partition('class="button primary" href="')[2].partition('"')[0])


def read_query(query: str) -> tuple[bytes, dict[str, str]]:
    """The message that came by redirect, and what came with it."""
    fields = dict(parse_qsl(query))
    return zlib.decompress(base64.b64decode(_message(fields)), -15), fields


def _message(fields: dict[str, str]) -> str:
    return fields.get("SAMLRequest") or fields["SAMLResponse"]


def _written(said: LogoutRequest | LogoutResponse, signer: KeySigner | None) -> Any:
    return written_request(said, signer) if isinstance(said, LogoutRequest) else written_response(said, signer)


def enveloped(body: bytes) -> Asked:
    """The message in a SOAP envelope."""
    [message] = etree.fromstring(body)[0]
    return Asked(message, "")


@dataclass
class SoapEnd:
    """A server that hears SOAP: `answer` is given what came and gives the status and the body."""

    port: int
    answer: Callable[[Asked], tuple[int, bytes]] = lambda _: (500, b"")
    heard: list[Asked] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    by_tls: bool = False

    @property
    def place(self) -> str:
        return f"{'localhost' if self.by_tls else '127.0.0.1'}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.by_tls else 'http'}://{self.place}/soap"


@contextmanager
def soap_end(certificate: tuple[Path, Path] | None = None) -> Iterator[SoapEnd]:
    """`certificate` is that of localhost, with its key: then by TLS."""
    end = SoapEnd(0, by_tls=certificate is not None)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = enveloped(self.rfile.read(int(self.headers["Content-Length"])))
            end.heard.append(asked)
            end.headers.append(dict(self.headers))
            status, body = end.answer(asked)
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    end.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield end
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
