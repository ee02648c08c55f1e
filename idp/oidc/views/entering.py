"""/device: the citizen types a code, and goes on to the sign-in; and pages that tell what became of it."""

from typing import Final

from flask import Response, request
from werkzeug.exceptions import NotFound

from idp.clock import Clock
from idp.csrf import check_csrf, csrf_token
from idp.http import PageError, Web, form, query
from idp.login.door import PartyGone
from idp.login.transaction import Transactions
from idp.oidc.decoupled import user_code
from idp.oidc.decoupled.device import PATH, Devices, UnknownCode
from idp.oidc.views.answering import outcome_page, sent_on
from idp.pace import Pace
from idp.pages import DevicePage, DeviceProblem, ErrorKind
from idp.pages.qr import qr_svg
from idp.parameters import parse
from idp.sessions import Sessions
from idp.sources import source_of
from idp.storage.state import Throttled

_FORM: Final = "device"
PICTURES: Final = 5
"""Pictures a second that one worker draws for one source: each takes as long as fifty pages."""


class DeviceViews:
    def __init__(
        self, web: Web, devices: Devices, sessions: Sessions, transactions: Transactions, clock: Clock
    ) -> None:
        self._web = web
        self._devices = devices
        self._sessions = sessions
        self._transactions = transactions
        self._pictures = Pace(clock, PICTURES)

    def show(self) -> Response:
        """What stands in the address is put into the field and not looked up: the citizen has to send it himself
        (RFC 8628 section 3.3.1)."""
        return self._page(parse(query(request)).get("user_code") or "")

    def enter(self) -> Response:
        cookies = self._web.cookies
        self._web.same_origin(request)
        fields = parse(form(request)).values
        browser = self._web.cookie(request, cookies.browser)
        check_csrf(browser, _FORM, fields.get("csrf", ""))
        handle, typed = self._web.cookie(request, cookies.session), fields.get("user_code", "")
        session = self._sessions.load(handle) if handle else None
        try:
            begun = self._devices.enter(typed, session, browser, self._web.source(request))
        except UnknownCode:
            return self._page(typed, DeviceProblem.UNKNOWN, 422)
        except Throttled as throttled:
            return self._page(typed, DeviceProblem.THROTTLED, 429, throttled.retry_after)
        except PartyGone:
            raise PageError(ErrorKind.UNKNOWN_CLIENT) from None
        return sent_on(self._web, begun)

    def outcome(self, outcome: str) -> Response:
        return outcome_page(self._web, outcome)

    def picture(self) -> Response:
        """`verification_uri_complete` of a code as a picture, for devices that cannot draw one (RFC 8628 section
        3.3.1). Whether there is such a code is not looked up."""
        code = user_code.read(parse(query(request)).get("user_code") or "")
        if not code:
            raise NotFound
        try:
            self._pictures.count(source_of(self._web.source(request)))
        except Throttled as throttled:
            raise PageError(ErrorKind.TOO_MANY, 429, retry_after=throttled.retry_after) from None
        response = Response(qr_svg(self._devices.address(code)), mimetype="image/svg+xml")
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return self._web.hardened(response)

    def _page(
        self, typed: str, problem: DeviceProblem | None = None, status: int = 200, retry_after: int | None = None
    ) -> Response:
        cookies = self._web.cookies
        browser = self._web.cookie(request, cookies.browser) or self._transactions.new_browser()
        page = DevicePage(PATH, csrf_token(browser, _FORM), typed[: user_code.LONGEST_TYPED], problem, retry_after)
        response = self._web.page(page, self._web.frame(request), status)
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        cookies.set(response, cookies.browser, browser)
        return response
