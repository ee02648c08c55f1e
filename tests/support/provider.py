"""A whole provider in this process: real stores, real application, and visitors who walk its pages without a
browser."""

import atexit
import base64
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import Client as HttpClient
from werkzeug.test import TestResponse

from idp.app import Services, build_app, build_services
from idp.citizens.citizen import Citizen
from idp.citizens.registry import NewCitizen
from idp.codec import encode
from idp.config import Settings, load_settings
from idp.doors import Doors
from idp.login.consent import SENSITIVE
from idp.login.password import Passwords
from idp.metrics import Metrics
from idp.oidc.clients.client import Client
from idp.pages import Pages
from idp.running.preparing import prepare_directory
from idp.saml.naming import Naming
from idp.saml.registry import ServiceProviderRegistry
from idp.saml.service_provider import ServiceProvider, Terms
from idp.services import OpenState
from idp.storage.open import open_state
from tests.support.citizens import number, phone
from tests.support.clock import FrozenClock
from tests.support.forms import form
from tests.support.randomness import CountingRandomness

_compiled: dict[tuple[object, ...], Any] = {}
_compile = Rule._compile_builder


def _compile_once(rule: Rule, append_unknown: bool = True) -> Any:
    """What werkzeug makes of an address, by which it would be built, is the same in every application. A process of
    tests makes thousands of them, and to make it took half of their time."""
    key = (rule.rule, rule.subdomain, rule.host, str(rule.defaults), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


Rule._compile_builder = _compile_once  # type: ignore[method-assign]

ISSUER = "https://id.example"
PORTAL = "https://portal.example"
CALLBACK = f"{PORTAL}/callback"
PASSWORD = "correct horse battery staple"
VERIFIER = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def challenge(verifier: str = VERIFIER) -> str:
    """RFC 7636 section 4.2, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def parameters(location: str) -> dict[str, str]:
    """The query of a redirect; a name that stands twice fails."""
    pairs = parse_qsl(urlsplit(location).query, keep_blank_values=True, strict_parsing=True)
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


@dataclass
class Person:
    """A citizen with what he signs in with."""

    citizen: Citizen
    number: str
    phone: str
    password: str = PASSWORD
    totp_secret: str | None = None


@dataclass
class Registered:
    """A relying party with its secret, and the requests it would make."""

    client: Client
    secret: str

    @property
    def id(self) -> str:
        return self.client.client_id

    def request(self, **changes: str | None) -> dict[str, str]:
        """Parameters of an honest authorization request; `None` leaves one out."""
        honest: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.client.redirect_uris[0],
            "scope": "openid profile",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
        }
        return {name: value for name, value in (honest | changes).items() if value is not None}

    def exchange(self, code: str, **changes: str | None) -> dict[str, str]:
        honest: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uris[0],
            "code_verifier": VERIFIER,
        }
        return {name: value for name, value in (honest | changes).items() if value is not None}

    @property
    def basic(self) -> dict[str, str]:
        """RFC 6749 section 2.3.1."""
        return {"Authorization": "Basic " + base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()}


@dataclass
class Provider:
    services: Services
    app: Flask
    clock: FrozenClock
    _count: int = field(default=0)

    def with_services(self, **others: Any) -> "Provider":
        """One more application on the same stores, in which these services are others."""
        services = replace(self.services, **others)
        return replace(self, services=services, app=build_app(services, pages=_pages()))

    def citizen(self, *, totp: bool = False, name: str = "李静文", **more: str) -> Person:
        """`more` are members of `NewCitizen`."""
        self._count += 1
        his_number, his_phone = number(self._count), phone(self._count)
        secret = TOTP_SECRET if totp else None
        citizen = self.services.citizens.add(
            NewCitizen(
                name=name, number=his_number, phone=his_phone, password_hash=_hashed(), totp_secret=secret, **more
            )
        )
        return Person(citizen, his_number, his_phone, PASSWORD, secret)

    def client(self, **metadata: Any) -> Registered:
        """Register a relying party, as `idp client add` does."""
        honest = {
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [f"{PORTAL}/signed-out"],
            "client_name": "社会保险",
            "scope": "openid profile email phone address",
        }
        registered = self.services.clients.add(encode(honest | metadata))
        return Registered(registered.client, registered.client_secret or "")

    def service_provider(self, metadata: str, **terms: Any) -> ServiceProvider:
        """Register a SAML service provider, as `idp sp add` does."""
        found = self.service_providers.add(metadata.encode(), Terms(**terms)).provider
        assert found is not None
        return found

    @property
    def service_providers(self) -> ServiceProviderRegistry:
        services = self.services
        return ServiceProviderRegistry(services.records.service_providers, services.clock, services.versions)

    @property
    def saml_naming(self) -> Naming:
        return Doors(self.services, Metrics()).saml.naming

    def fresh_code(self, client: Registered) -> str:
        """An authorization code, of somebody new who signed in and agreed."""
        return self.visitor().arrive(client, self.citizen())["code"]

    def visitor(self, source: str = "192.0.2.1") -> "Visitor":
        return Visitor(self, source)

    def machine(self) -> HttpClient:
        """A relying party's server: no cookies."""
        return HttpClient(self.app, use_cookies=False)

    def token(
        self, client: Registered, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> TestResponse:
        told = client.basic if headers is None else headers
        return self.machine().post("/token", base_url=ISSUER, data=dict(fields), headers=dict(told))

    def userinfo(self, access_token: str) -> TestResponse:
        return self.machine().get("/userinfo", base_url=ISSUER, headers={"Authorization": f"Bearer {access_token}"})


class Visitor:
    """A browser without scripts: cookies, redirects within the provider, forms that are filled in and sent."""

    def __init__(self, provider: Provider, source: str) -> None:
        self._provider = provider
        self._source = source
        self.http = HttpClient(provider.app)
        self.stays = False
        """Whether it stops at pages that go on by themselves."""

    def get(self, address: str, **headers: str) -> TestResponse:
        return self.follow(self.http.get(address, base_url=ISSUER, headers=headers, environ_base=self._peer))

    def post(self, address: str, fields: Mapping[str, Any], **headers: str) -> TestResponse:
        """As a form of the provider's own page would be sent."""
        told = {"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"} | headers
        return self.follow(self.http.post(address, base_url=ISSUER, data=fields, headers=told, environ_base=self._peer))

    def post_from(self, site: str, path: str, fields: Mapping[str, str]) -> TestResponse:
        """As another site's form comes: without our cookies (SameSite=Lax), which the GET that follows brings."""
        named = (self.http.get_cookie(f"__Host-idp-{name}", "id.example") for name in ("session", "browser"))
        kept = [cookie for cookie in named if cookie]
        for cookie in kept:
            self.http.delete_cookie(cookie.key, domain="id.example")
        response = self.http.post(path, base_url=ISSUER, data=fields, headers={"Origin": site}, environ_base=self._peer)
        for cookie in kept:
            self.http.set_cookie(cookie.key, cookie.value, domain="id.example", secure=True)
        return self.follow(response)

    def submit(self, page: TestResponse, containing: str, **typed: str | list[str]) -> TestResponse:
        found = form(page.text, containing)
        return self.post(found.action, found.filled(**typed))

    def authorize(self, client: Registered, **changes: str | None) -> TestResponse:
        return self.get("/authorize?" + urlencode(client.request(**changes)))

    def password(self, page: TestResponse, person: Person, password: str | None = None) -> TestResponse:
        return self.submit(page, "username", username=person.number, password=password or person.password)

    def allow(self, page: TestResponse, *items: str) -> TestResponse:
        """Agree with these boxes ticked; if none is named, with all that are not sensitive."""
        boxes = (value for name, value in form(page.text, "decision").unticked if name == "item")
        ticked = list(items) or [each for each in boxes if each not in SENSITIVE]
        return self.submit(page, "decision", decision="allow", item=ticked)

    def arrive(self, client: Registered, person: Person, **changes: str | None) -> dict[str, str]:
        """Sign in and agree to all that is asked; the parameters the portal gets."""
        response = self.password(self.authorize(client, **changes), person)
        if response.status_code == 200:
            response = self.allow(response)
        assert response.status_code == 303, response.text
        return parameters(response.location)

    def hop(self, client: Registered, **changes: str | None) -> dict[str, str]:
        """Go to a portal while signed in."""
        response = self.authorize(client, **changes)
        assert response.status_code == 303, response.text
        return parameters(response.location)

    @property
    def _peer(self) -> dict[str, str]:
        return {"REMOTE_ADDR": self._source}

    def follow(self, response: TestResponse) -> TestResponse:
        """Redirects within the provider, and pages that stay for no time; one that leads elsewhere is the answer."""
        for _ in range(5):
            onward = "" if self.stays else response.headers.get("Refresh", "").removeprefix("0;url=")
            location = response.headers.get("Location", onward)
            if not location.startswith("/"):
                return response
            response = self.http.get(location, base_url=ISSUER, environ_base=self._peer)
        raise AssertionError("redirects without end")


def settings_for(directory: Path, **variables: str) -> Settings:
    return load_settings({"IDP_ISSUER": ISSUER, "IDP_DATA_DIR": str(directory)} | variables)


@contextmanager
def running_provider(
    settings: Settings, clock: FrozenClock | None = None, *, open_state: OpenState = open_state
) -> Iterator[Provider]:
    clock = clock or FrozenClock()
    randomness = CountingRandomness("running")
    prepare(settings, clock, randomness)
    services = build_services(settings, clock, randomness, open_state=open_state)
    services.ensure_keys()
    try:
        yield Provider(services, build_app(services, pages=_pages()), clock)
    finally:
        services.close()


def prepare(settings: Settings, clock: FrozenClock, randomness: CountingRandomness) -> None:
    """As `prepare_directory`; what takes long is copied from a directory that was prepared before."""
    if settings.records_embedded and not settings.master_key_file.exists():
        shutil.copytree(_prepared(), settings.data_dir, dirs_exist_ok=True)
    prepare_directory(settings, randomness, clock)


@cache
def _hashed() -> str:
    return Passwords(concurrency=1).hash(PASSWORD)


@cache
def _pages() -> Pages:
    return Pages()


@cache
def _prepared() -> Path:
    """A data directory with tables, master key and signing keys, to copy: making them takes longer than most tests."""
    folder = tempfile.mkdtemp(prefix="idp-prepared-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings, clock, randomness = settings_for(Path(folder)), FrozenClock(), CountingRandomness("prepared")
    prepare_directory(settings, randomness, clock)
    services = build_services(settings, clock, randomness)
    services.ensure_keys()
    services.close()
    return Path(folder)


__all__ = ["CALLBACK", "ISSUER", "PASSWORD", "PORTAL", "VERIFIER", "Person", "Provider", "Registered", "Visitor"]
