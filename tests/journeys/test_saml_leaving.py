"""A citizen's browser goes from one service provider to the next to sign out, by redirects and by forms. Chromium asks
the `form-action` of the page whose form it follows at each redirect, so that what our pages allow decides whether it
arrives."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from html import escape
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from lxml import etree
from playwright.sync_api import expect
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from federation.saml.names import POST, REDIRECT
from idp.http import Cookies
from tests.journeys.conftest import OpenBrowser
from tests.support.processes import free_port
from tests.support.provider import Provider, running_provider, settings_for
from tests.support.saml_leaving import Asked, LeavingParty, read_query, states

Application = Callable[[dict[str, Any], Any], Any]


@contextmanager
def served(port: int, application: Application) -> Iterator[None]:
    server = make_server("127.0.0.1", port, application, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def site(party: LeavingParty, answers_by: str) -> Application:
    """A service provider that signs out, and sends the browser back with its answer."""

    @Request.application
    def answer(request: Request) -> Response:
        if request.path != "/slo":
            return Response("<!doctype html><title>there</title><h1>there</h1>", content_type="text/html")
        if request.method == "POST":
            raw = b64decode(request.form["SAMLRequest"])
        else:
            raw, _ = read_query(request.query_string.decode())
        said = party.response(Asked(etree.fromstring(raw), ""))
        if answers_by == REDIRECT:
            return Response(status=303, headers={"Location": party.issuer + party.address(said)})
        [(name, value)] = party.fields(said).items()
        return Response(
            f'<!doctype html><title>out</title><body onload="document.forms[0].submit()"><form method="post"'
            f' action="{party.issuer}/saml/slo"><input name="{name}" value="{escape(value)}"></form>',
            content_type="text/html",
        )

    return answer


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    port = free_port()
    settings = settings_for(tmp_path, IDP_ISSUER=f"http://localhost:{port}")
    with running_provider(settings) as provider, served(port, provider.app):
        yield provider


BY: list[tuple[str, str]] = [(POST, REDIRECT), (POST, POST), (REDIRECT, POST), (REDIRECT, REDIRECT)]
"""How each is asked, and how it answers."""


def test_a_browser_signs_out_at_each_however_each_is_asked_and_answers(
    provider: Provider, open_browser: OpenBrowser
) -> None:
    issuer, page = provider.services.settings.issuer, open_browser()
    citizen, sessions = provider.citizen().citizen, provider.services.sessions
    handle, session = sessions.open(citizen.id, 1, ("pwd",), None, "sign-in")
    page.context.add_cookies([{"name": Cookies(secure=False).session, "value": handle, "url": issuer}])
    with ExitStack() as stack:
        parties = []
        for number, (asked_by, answers_by) in enumerate(BY):
            port = free_port()
            party = LeavingParty(
                provider, f"sp{number}", [asked_by], title=f"服务{number}", home=f"http://localhost:{port}"
            )
            stack.enter_context(served(port, site(party, answers_by)))
            parties.append(party)
        for party in parties:
            session = party.join(session)
        page.goto(f"{issuer}/logout")
        page.locator("[name=decision][value=allow]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("您已退出登录")
        expect(page.locator(".part li")).to_have_count(len(BY))
    assert {state.value for state in states(provider).values()} == {"delivered"}
