"""A citizen's browser without scripts, over real HTTP: cookies of every host, redirects from one to another, forms."""

from collections.abc import Iterable
from http.cookiejar import Cookie
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import requests.cookies

from tests.support.forms import form
from tests.support.provider import SENSITIVE, Person

PATIENCE = 10


class Surfer:
    """`hosts` are those that answer, the provider's first; a redirect anywhere else is where a walk ends."""

    def __init__(self, *hosts: str) -> None:
        self._hosts = hosts
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.cookies = _LoopbackCookies()
        self.http.headers["Accept-Language"] = "en"

    def get(self, url: str) -> requests.Response:
        return self._follow(self.http.get(url, allow_redirects=False, timeout=PATIENCE))

    def submit(self, page: requests.Response, containing: str, **typed: str | list[str]) -> requests.Response:
        """Fill in the form of that page, and send it where it says."""
        found = form(page.text, containing)
        told = {"Origin": _origin(page.url)}
        url = urljoin(page.url, found.action)
        sent = self.http.post(url, found.filled(**typed), headers=told, allow_redirects=False, timeout=PATIENCE)
        return self._follow(sent)

    def known(self, page: requests.Response, person: Person) -> requests.Response:
        """The password, if it is asked."""
        if urlsplit(page.url).path != "/login":
            return page
        return self.submit(page, "username", username=person.number, password=person.password)

    def sign_in(self, page: requests.Response, person: Person) -> requests.Response:
        """From the page a portal's request led to: the password where it is asked, agreement where it is."""
        page = self.known(page, person)
        if urlsplit(page.url).path == "/consent":
            boxes = (value for name, value in form(page.text, "decision").unticked if name == "item")
            page = self.submit(page, "decision", decision="allow", item=_harmless(boxes))
        return page

    def arrive(self, url: str, person: Person) -> str:
        """The whole way from a portal's request to the address of the portal that the answer leads to."""
        page = self.sign_in(self.get(url), person)
        assert page.status_code == 303, page.text
        return page.headers["Location"]

    def _follow(self, response: requests.Response) -> requests.Response:
        for _ in range(12):
            location = urljoin(response.url, response.headers.get("Location", ""))
            if not response.is_redirect or _origin(location) not in self._hosts:
                return response
            response = self.http.get(location, allow_redirects=False, timeout=PATIENCE)
        raise AssertionError("redirects without end")


class _LoopbackCookies(requests.cookies.RequestsCookieJar):
    """Browsers hold this machine to be safe without TLS, so they send it cookies that are marked `Secure`; and a cookie
    for the domain `localhost` is the host's own, whose name here is `localhost.local`."""

    def set_cookie(self, cookie: Cookie, *args: Any, **kwargs: Any) -> None:
        cookie.secure = False
        if cookie.domain == ".localhost":
            cookie.domain, cookie.domain_specified = "localhost.local", False
        super().set_cookie(cookie, *args, **kwargs)


def _harmless(boxes: Iterable[str]) -> list[str]:
    return [each for each in boxes if each not in SENSITIVE]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
