"""An identity provider that says over real HTTP, and by the browser, whatever a test tells it to, for service providers
that must not believe it all."""

import base64
import contextlib
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from werkzeug.serving import make_server

from federation.saml import algorithms, assertion, encryption, logout, names, redirecting, response
from federation.saml.assertion import Assertion, Attribute, Authentication, Confirmation
from federation.saml.credentials import KeySigner, new_credential, open_private
from federation.saml.logout import LogoutRequest, LogoutResponse
from federation.saml.metadata import writing as metadata
from federation.saml.metadata.entity import Endpoint, EntityKey
from federation.saml.metadata.writing import IdpEntity
from federation.saml.name_id import NameId
from federation.saml.response import Response, Status
from federation.saml.signing import signed_query
from tests.support.saml_judges import parsed

NAME = "urn:oid:2.16.840.1.113730.3.1.241"
CITIZEN_ID = "urn:citizen-idp:attribute:citizen_id_number"
SHA256 = algorithms.Signing(names.RSA_SHA256, names.SHA256)


def _key() -> KeySigner:
    made = new_credential(algorithms.RSA, "issuer", int(time.time()))
    return KeySigner(open_private(made.private_der), made.certificate, SHA256)


@dataclass
class SamlIssuer:
    """Honest, but for the lies that a test hands in with what is to be said."""

    certificate: str
    """Of the service provider, to encrypt to."""
    sp: str
    acs: str
    slo: str
    url: str = ""
    key: KeySigner = field(default_factory=_key)
    foreign: KeySigner = field(default_factory=_key)

    @property
    def entity_id(self) -> str:
        return f"{self.url}/saml/metadata"

    def saw(self, location: str) -> Any:
        """The message in a redirect, as if the browser had come with it."""
        query = parse_qs(urlsplit(location).query)
        (message,) = query.get(redirecting.REQUEST) or query[redirecting.RESPONSE]
        return parsed(zlib.decompress(base64.b64decode(message), -15))

    def assertion(self, request_id: str | None, **lies: Any) -> Assertion:
        now = int(time.time())
        honest = Assertion(
            id="_a",
            issuer=self.entity_id,
            issue_instant=now,
            name_id=NameId("_name", names.TRANSIENT, self.entity_id, self.sp),
            confirmation=Confirmation(self.acs, now + 300, request_id),
            not_before=now - 180,
            not_on_or_after=now + 300,
            audiences=(self.sp,),
            authentication=Authentication(now - 5, "urn:citizen-idp:aal:1", "_session"),
            attributes=(Attribute(NAME, ("李静文𠮷",)), Attribute(CITIZEN_ID, ("110000199001010021",))),
        )
        return replace(honest, **lies)

    def answer(
        self,
        request_id: str | None,
        said: Assertion | None = None,
        *,
        status: Status = Status(),  # noqa: B008
        key: KeySigner | None = None,
        signed: bool = True,
        encrypted: bool = True,
        **lies: Any,
    ) -> str:
        """What its page would post."""
        told = None
        if status.code == names.SUCCESS:
            told = assertion.written(said or self.assertion(request_id), None)
        recipient = encryption.recipient([EntityKey(self.certificate)], allow_cbc=False)
        if told and encrypted and recipient:
            told = encryption.encrypt(told, recipient, encryption.ASSERTION)
        honest = Response("_r", self.entity_id, int(time.time()), self.acs, request_id, status, told)
        written = response.written(replace(honest, **lies), (key or self.key) if signed else None)
        return base64.b64encode(written.encode()).decode()

    def logout_request(self, *, key: KeySigner | None = None, signed: bool = True, **lies: Any) -> str:
        """The query of a redirect that says that the citizen has left."""
        now = int(time.time())
        name_id = NameId("_name", names.TRANSIENT, self.entity_id, self.sp)
        honest = LogoutRequest("_q", self.entity_id, now, name_id, ("_session",), self.slo, now + 300)
        return self._query(
            redirecting.REQUEST, logout.written_request(replace(honest, **lies), None), key or self.key, signed
        )

    def logout_response(
        self, request_id: str, *, key: KeySigner | None = None, signed: bool = True, **lies: Any
    ) -> str:
        honest = LogoutResponse("_p", self.entity_id, int(time.time()), request_id, names.SUCCESS, destination=self.slo)
        return self._query(
            redirecting.RESPONSE, logout.written_response(replace(honest, **lies), None), key or self.key, signed
        )

    def _query(self, kind: str, message: str, key: KeySigner, signed: bool) -> str:
        query = signed_query([(kind, redirecting.encoded(message)), ("RelayState", "/")], key)
        return query if signed else query.partition("&SigAlg")[0]

    def metadata(self) -> str:
        now, texts = int(time.time()), {"en": "Issuer"}
        empty: Mapping[str, str] = {}
        return metadata.written(
            IdpEntity(
                id="_m",
                entity_id=self.entity_id,
                valid_until=now + 86_400,
                cache_seconds=3600,
                keys=(EntityKey(self.key.certificate, "signing"),),
                single_sign_on=(Endpoint(names.REDIRECT, f"{self.url}/saml/sso"),),
                single_logout=(Endpoint(names.REDIRECT, f"{self.url}/saml/slo"),),
                artifact_resolution=(),
                name_id_formats=(names.TRANSIENT,),
                attributes=(),
                want_authn_requests_signed=False,
                scopes=("issuer.example",),
                signing_methods=(names.RSA_SHA256,),
                digest_methods=(names.SHA256,),
                error_url=f"{self.url}/error",
                display_names=texts,
                descriptions=empty,
                information_urls=empty,
                privacy_urls=empty,
                logo=None,
                organization=None,
                contacts=(),
            ),
            self.key,
        )


@contextlib.contextmanager
def saml_issuer(certificate: str, sp: str, acs: str, slo: str) -> Iterator[SamlIssuer]:
    """A running one, on a free loopback port: its metadata is there."""
    told = SamlIssuer(certificate, sp, acs, slo)
    app = Flask("saml_issuer")
    app.add_url_rule("/saml/metadata", view_func=told.metadata, endpoint="metadata")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
