"""What a portal shows, and the headers that every page of it carries."""

import base64
from datetime import datetime, timedelta, timezone
from typing import Final, cast

from flask import Response, make_response, redirect, render_template, request, session
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as AnyResponse

from idp.demo.portal_settings import PortalSettings
from idp.demo.themes import THEMES, Theme
from idp.demo.visitors import SignedIn, Visit
from idp.demo.words import LARGE, WORDS, Text, language_of, size_of
from idp.secrets import Randomness

CHINA_TIME: Final = timezone(timedelta(hours=8))
CHOICE_SECONDS: Final = 365 * 86_400
LEVELS: Final = {f"urn:citizen-idp:aal:{level}": f"level_{level}" for level in (1, 2, 3)}
SURE: Final = ("level_2", "level_3")
"""Levels that open what a portal guards."""


class Pages:
    """The portal's pages in the visitor's language, under headers that allow nothing from elsewhere."""

    def __init__(self, theme: Theme, settings: PortalSettings, randomness: Randomness) -> None:
        self._theme = theme
        self._settings = settings
        self._others = [(each, settings.others[each.key]) for each in THEMES if each.key in settings.others]
        self._randomness = randomness
        self._language_cookie = f"portal-{theme.key}-language"
        self._size_cookie = f"portal-{theme.key}-size"

    def language(self) -> str:
        return language_of(request, self._language_cookie)

    def size(self) -> str:
        return size_of(request, self._size_cookie)

    def home(self, visit: Visit) -> AnyResponse:
        """Says once, where it is so, that the sign-in was ended elsewhere."""
        visit.told = visit.ended_elsewhere
        return self._page("home.html", 200, ended=visit.ended_elsewhere)

    def me(self, citizen: SignedIn) -> AnyResponse:
        level = LEVELS.get(citizen.acr, "level_unknown")
        return self._page(
            "me.html",
            200,
            open=level in SURE,
            number=masked_number(citizen.citizen_id_number),
            phone=masked_phone(citizen.phone_number),
            level=level,
            signed_in_at=datetime.fromtimestamp(citizen.auth_time, CHINA_TIME).strftime("%Y-%m-%d %H:%M"),
        )

    def signed_out(self, hint: str = "signed_out_hint") -> AnyResponse:
        return self._page("signed_out.html", 200, hint=hint)

    def refused(self, code: str, reference: str) -> AnyResponse:
        """A sign-in that did not succeed. Its cause is told in our own words and never in those of the request."""
        if code == "access_denied":  # the citizen's own choice is no fault: there is nothing to quote
            return self._error("access_denied", 403, way_on="sign_in_again")
        if code == "no_level":
            return self._error("no_level", 403)
        known = "unavailable" if code in ("temporarily_unavailable", "server_error") else "other"
        return self._error("unproved" if code == "unproved" else known, 400, reference, "try_again")

    def silent(self, reference: str) -> AnyResponse:
        """The provider does not answer."""
        return self._error("unavailable", 503, reference, "try_again")

    def not_served(self, status: int, reference: str) -> AnyResponse:
        """The page for a status that Flask gave by itself."""
        return self._error({403: "forged", 404: "not_found", 405: "not_found"}.get(status, "fault"), status, reference)

    def fault(self, reference: str) -> AnyResponse:
        """Something of the portal's own."""
        return self._error("fault", 500, reference)

    def _error(self, what: str, status: int, reference: str = "", way_on: str = "") -> AnyResponse:
        """`way_on` is what the button to a new sign-in says; without it, the button leads home."""
        title = f"error_{what}_title" if f"error_{what}_title" in WORDS else "error_title"
        return self._page(
            "error.html", status, title=title, explanation=f"error_{what}", reference=reference, way_on=way_on
        )

    def reference(self) -> str:
        """What the citizen can quote and the log has too."""
        return base64.b32encode(self._randomness.bytes(5)).decode("ascii")

    def to_own_address(self) -> AnyResponse | None:
        """Runs before every request: cookies and the registration are of one address, so others lead to it."""
        return None if f"{request.scheme}://{request.host}" == self._settings.url else redirect(self._settings.url, 303)

    def prove_origin(self) -> None:
        """The form was one of ours. `SameSite` alone does not tell the ports of one host apart. Raises `Forbidden`."""
        origin = request.headers.get("Origin", self._settings.url)
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if origin != self._settings.url or site not in ("same-origin", "none"):
            raise Forbidden

    def protect(self, response: Response) -> Response:
        """Runs after every request."""
        issuer = self._settings.issuer
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
            f"form-action 'self' {issuer}"  # applies to a form's redirects too, and sign-out goes to the provider
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        if request.args.get("lang"):
            self._remember(response, self._language_cookie, self.language())
        if request.args.get("size"):
            self._remember(response, self._size_cookie, self.size())
        return response

    def _remember(self, response: Response, cookie: str, choice: str) -> None:
        response.set_cookie(
            cookie,
            choice,
            max_age=CHOICE_SECONDS,
            secure=self._settings.url.startswith("https:"),
            httponly=True,
            samesite="Lax",
        )

    def _page(self, template: str, status: int, **content: object) -> AnyResponse:
        language = self.language()

        def say(what: str | Text) -> str:
            return (what if isinstance(what, Text) else WORDS[what]).said_in(language)

        html = render_template(
            template,
            say=say,
            language=language,
            large=self.size() == LARGE,
            here=request.path if status == 200 else "/",
            theme=self._theme,
            others=self._others,
            citizen=cast("Visit", session).signed_in,
            **content,
        )
        return make_response(html, status)


def masked_number(number: str | None) -> str | None:
    """`110***********0013`."""
    return None if number is None else f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}"


def masked_phone(phone: str | None) -> str | None:
    """`138****0021`; the country's prefix is left out."""
    return None if phone is None else f"{phone[-11:-8]}****{phone[-4:]}"
