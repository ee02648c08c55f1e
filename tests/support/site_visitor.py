"""A citizen's browser between a service provider and the identity provider: it fills in and sends on whatever page it
gets, as a person would, until the service provider shows something."""

import base64
import re
import time
from dataclasses import replace
from html import unescape
from urllib.parse import urlencode

import pyotp
import requests

from tests.support.forms import forms
from tests.support.provider import TOTP_SECRET, Person, Provider, Registered
from tests.support.surfer import PATIENCE, Surfer


def enrolled(provider: Provider, person: Person) -> Person:
    """The citizen with an authenticator app, also if he has just signed in without."""
    provider.services.citizens.set_totp_secret(person.citizen.id, TOTP_SECRET)
    return replace(person, totp_secret=TOTP_SECRET)


class SiteVisitor(Surfer):
    """`steps` is what was asked of the person on the last walk, `responses` the messages it carried, as XML."""

    def __init__(self, issuer: str, home: str) -> None:
        super().__init__(issuer, home)
        self._issuer = issuer
        self.steps: list[str] = []
        self.responses: list[str] = []

    def visit(self, url: str, person: Person) -> dict[str, str]:
        """What the page shows in the end: a line for each thing the service provider says of who came."""
        page = self.walk(url, person)
        assert page.status_code == 200, f"{page.url}: {page.status_code}\n{page.text}"
        return dict(line.split("=", 1) for line in page.text.splitlines() if "=" in line)

    def walk(self, url: str, person: Person) -> requests.Response:
        """The page where it ends, whatever it is."""
        self.steps, self.responses = [], []
        page = self.get(url)
        for _ in range(8):
            found = next((each for each in _PAGES if any(each in form.fields for form in forms(page.text))), "")
            page, before = self._answered(page, found, person), page
            if page is before:
                return page
        raise AssertionError("pages without end")

    def let_in(self, url: str) -> bool:
        """Whether a page of the service provider opens without asking the identity provider."""
        page = self.http.get(url, allow_redirects=False, timeout=PATIENCE)
        return page.status_code == 200 and "SAMLRequest" not in page.text

    def sign_out(self) -> requests.Response:
        """At the identity provider's own page, and on to those whom only the browser tells."""
        page = self.get(f"{self._issuer}/logout?" + urlencode({"ui_locales": "en"}))
        page = self.submit(page, "decision", decision="allow")
        onward = re.search(r'class="button primary" href="(/saml/slo/onward[^"]+)"', page.text)
        return self.get(self._issuer + unescape(onward[1])) if onward else page

    def at_portal(self, portal: Registered, person: Person) -> None:
        """Sign in at a portal that speaks OpenID Connect."""
        self.arrive(f"{self._issuer}/authorize?" + urlencode(portal.request()), person)

    def _answered(self, page: requests.Response, field: str, person: Person) -> requests.Response:
        """The next page; the same where there is nothing to do."""
        if field in ("SAMLRequest", "SAMLResponse"):
            if field == "SAMLResponse":
                [form] = [each for each in forms(page.text) if field in each.fields]
                self.responses.append(base64.b64decode(form.fields[field][0]).decode())
            return self.submit(page, field)
        if field:
            self.steps.append(field)
        if field == "password":
            return self.known(page, person)
        if field == "otp":
            return self.submit(page, "otp", otp=pyotp.TOTP(person.totp_secret or "").at(int(time.time())))
        if any(each == "decision" for form in forms(page.text) for each, _ in form.buttons):
            self.steps.append("decision")
            return self.sign_in(page, person)
        return page


_PAGES = ("SAMLRequest", "SAMLResponse", "password", "otp")
