"""The frames of the signed-out page in a real browser: they are loaded, under the page's own policy, and seen by
nobody."""

from playwright.sync_api import Page, Route

from tests.support.provider import ISSUER, PORTAL, Provider
from tests.support.signed_in import SignedIn

GONE = f"{PORTAL}/gone"
LEADS_AWAY = "<script>if (top !== self) top.location = 'https://evil.example/'</script>"


def test_frontchannel_3_the_frames_are_loaded_and_tell_nobody_where_from(page: Page, provider: Provider) -> None:
    at = SignedIn(provider, client=provider.client(frontchannel_logout_uri=GONE))
    answer = at.logout(id_token_hint=at.id_token, post_logout_redirect_uri=f"{PORTAL}/signed-out")
    called: list[tuple[str, str | None]] = []
    refused: list[str] = []

    def serve(route: Route) -> None:
        asked = route.request
        if asked.url.startswith(PORTAL):
            called.append((asked.url.partition("?")[0], asked.headers.get("referer")))
            return route.fulfill(status=200, content_type="text/html", body=LEADS_AWAY)
        if asked.url == f"{ISSUER}/logout":
            headers = dict(answer.headers) | {"Refresh": answer.headers["Refresh"].replace("6;", "1;")}
            return route.fulfill(status=200, headers=headers, body=answer.text)
        return route.fulfill(status=404)

    page.route("**/*", serve)
    page.on("console", lambda told: refused.append(told.text) if "Content Security Policy" in told.text else None)
    page.goto(f"{ISSUER}/logout")
    assert called[0] == (GONE, None)
    assert not page.locator("iframe").is_visible()
    page.wait_for_url(f"{PORTAL}/signed-out")
    assert called == [(GONE, None), (f"{PORTAL}/signed-out", None)]
    assert refused == []
