"""Who asks and where the answer goes: RFC 6749 sections 3.1.2 and 4.1.2.1, RFC 9700 section 2.1, RFC 8252 section 7.

Until both are proved, an error is a page with status 400, whatever else is wrong with the request.
"""

from urllib.parse import urlencode

import pytest

from tests.support.answers import refused_on_a_page
from tests.support.known import Known
from tests.support.provider import CALLBACK, Provider


@pytest.mark.parametrize(
    "client_id", [None, "", "nobody", "0" * 32, "x" * 5000, "\x00", "{id}\x00", " {id}", "{id} ", "{ID}"]
)
def test_rfc6749_4_1_2_1_an_unknown_client_is_told_to_the_citizen_alone(known: Known, client_id: str | None) -> None:
    asked = client_id and client_id.replace("{id}", known.client.id).replace("{ID}", known.client.id.upper())
    for changes in (
        {},
        {"redirect_uri": None},
        {"response_type": "x"},
        {"scope": "profile"},
        {"redirect_uri": "https://evil.example/"},
    ):
        refused_on_a_page(known.visitor.authorize(known.client, **changes | {"client_id": asked}), "evil.example")


def test_rfc6749_3_1_a_repeated_client_id_names_nobody(known: Known) -> None:
    for twice in ([known.client.id, known.client.id], [known.client.id, "x"], ["x", known.client.id]):
        rest = [item for item in known.client.request().items() if item[0] != "client_id"]
        refused_on_a_page(
            known.visitor.get("/authorize?" + urlencode([*rest, *(("client_id", each) for each in twice)]))
        )


def test_rfc6749_4_1_2_1_a_disabled_client_is_unknown(known: Known) -> None:
    client = known.meet()
    known.provider.services.clients.set_enabled(client.id, False)
    known.provider.clock.advance(1)
    refused_on_a_page(known.visitor.authorize(client))
    refused_on_a_page(known.visitor.authorize(client, response_type="x"))


@pytest.mark.parametrize(
    "redirect_uri",
    [
        None,
        "",
        "https://evil.example/callback",
        "http://portal.example/callback",
        "HTTPS://portal.example/callback",
        "https://PORTAL.example/callback",
        "https://portal.example:443/callback",
        "https://portal.example/callback/",
        "https://portal.example/Callback",
        "https://portal.example/callback?x=1",
        "https://portal.example/callback?",
        "https://portal.example/callback#",
        "https://portal.example/callback#f",
        "https://portal.example/callback ",
        " https://portal.example/callback",
        "https://portal.example/callback\x00",
        "https://portal.example/callback\r\nX: y",
        "https://portal.example/./callback",
        "https://portal.example/x/../callback",
        "https://portal.example/%63allback",
        "https://portal.example@evil.example/callback",
        "https://evil.example\\@portal.example/callback",
        "https://portal.example.evil.example/callback",
        "https://portal。example/callback",
        "//portal.example/callback",
        "/callback",
        "javascript:alert(1)//https://portal.example/callback",
        "https://other.example/callback",
        "https://portal.example/callback,https://evil.example/",
    ],
)
@pytest.mark.parametrize("else_wrong", [{}, {"response_type": "nonsense"}, {"scope": "profile"}])
def test_rfc9700_2_1_a_redirect_uri_matches_to_the_letter_or_not_at_all(
    known: Known, redirect_uri: str | None, else_wrong: dict[str, str]
) -> None:
    changes = else_wrong | {"redirect_uri": redirect_uri}
    refused_on_a_page(known.visitor.authorize(known.client, **changes), "evil.example", "alert(1)")  # type: ignore[arg-type]


def test_rfc6749_3_1_a_repeated_redirect_uri_is_none(known: Known) -> None:
    for second in (CALLBACK, "https://evil.example/"):
        twice = urlencode([*known.client.request().items(), ("redirect_uri", second)])
        refused_on_a_page(known.visitor.get(f"/authorize?{twice}"), "evil.example")


@pytest.mark.parametrize(
    "uri",
    ["https://portal.example/cb?to=%2Fa&b", "https://portal.example//cb", "https://portal.example/cb?"],
)
def test_rfc6749_3_1_2_a_registered_address_is_kept_to_the_letter(known: Known, uri: str) -> None:
    client = known.provider.client(redirect_uris=[uri])
    response = known.visitor.authorize(client, response_type="x")
    rest = response.location.removeprefix(uri)
    assert rest.startswith("&error=unsupported_response_type" if "?" in uri else "?error=unsupported_response_type")


def test_rfc8252_7_3_only_a_native_clients_loopback_port_may_differ(known: Known) -> None:
    uris = ["http://127.0.0.1/cb", "http://127.0.0.1:8000/other"]
    native = known.provider.client(redirect_uris=uris, application_type="native")
    web = known.provider.client(redirect_uris=uris)
    for uri in ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", "http://127.0.0.1:1/other"):
        assert known.visitor.authorize(native, redirect_uri=uri, response_type="x").location.startswith(f"{uri}?error=")
    for uri in ("http://127.0.0.1:51004/cb", "http://127.0.0.1:1/other"):
        refused_on_a_page(known.visitor.authorize(web, redirect_uri=uri))
    for uri in (
        "http://127.0.0.1:51004/CB",
        "http://127.0.0.1:51004/cb?x",
        "http://127.0.0.1:51004@evil.example/cb",
        "http://127.0.0.1:x/cb",
        "http://127.0.0.2/cb",
        "http://localhost:51004/cb",
        "http://[::1]:51004/cb",
        "https://127.0.0.1:51004/cb",
        "http://127.0.0.1:51004/cb\n",
    ):
        refused_on_a_page(known.visitor.authorize(native, redirect_uri=uri), "evil.example")


def test_rfc8252_7_1_a_private_scheme_is_answered_to_the_letter(known: Known) -> None:
    uri = "cn.example.app:/callback"
    native = known.provider.client(redirect_uris=[uri], application_type="native")
    assert known.visitor.authorize(native, response_type="x").location.startswith(f"{uri}?error=")


@pytest.mark.parametrize(("language", "name"), [("zh-CN", "社会保险"), ("en", "Social Insurance")])
def test_the_page_names_the_client_in_the_readers_language(provider: Provider, language: str, name: str) -> None:
    client = provider.client(**{"client_name": "社会保险", "client_name#en": "Social Insurance"})
    visitor = provider.visitor()
    query = urlencode(client.request(redirect_uri="https://elsewhere.example/"))
    page = visitor.get(f"/authorize?{query}", **{"Accept-Language": language})
    assert page.status_code == 400
    assert name in page.text
