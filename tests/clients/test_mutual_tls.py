"""RFC 8705 as it is deployed: clients show certificates to Apache, set up as docs/operating.md says, and it tells
`idp serve` of them. openid-client walks; whoever would be believed without a certificate walks beside it."""

import contextlib
import http.client
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.clients.conftest import Arrive, Place
from tests.support.openid_client import Driver, Party, StepFailed, driver
from tests.support.provider import Registered
from tests.support.resource_servers import MACHINE, resource_server
from tests.support.serving import PATIENCE
from tests.support.tls_proxy import MTLS, SELF_SIGNED, SETTINGS, Authority, Credential, TlsProxy, tls_proxy

CALLBACK = "https://bank.example/callback"
ASKED = {"redirect_uri": CALLBACK, "scope": "openid profile"}
BY_NAME, BY_KEY = "tls_client_auth", "self_signed_tls_client_auth"
SUBJECT = "CN=bank.example,C=CN"
CERTIFICATE, VERDICT = SETTINGS.values()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def revoked(authority: Authority) -> Credential:
    return authority.client(SUBJECT, revoked=True)


@pytest.fixture(scope="module")
def proxy(place: Place, authority: Authority, revoked: Credential) -> Iterator[TlsProxy]:
    with tls_proxy(place.mtls_port, place.port, authority) as running:
        yield running


@pytest.fixture(scope="module")
def node(proxy: TlsProxy) -> Iterator[Driver]:
    with driver() as running:
        yield running


def metadata(method: str, shown: Credential) -> dict[str, Any]:
    by = {"tls_client_auth_subject_dn": SUBJECT} if method == BY_NAME else {"jwks": shown.shown.jwks}
    bound = {"tls_client_certificate_bound_access_tokens": True}
    return {"token_endpoint_auth_method": method, "redirect_uris": [CALLBACK], "scope": "openid profile"} | by | bound


def showing(node: Driver, place: Place, proxy: TlsProxy, known: Registered, shown: Credential | None) -> Party:
    """The client, over connections on which it shows that certificate, or none."""
    party, method = node.party(), known.client.token_endpoint_auth_method
    told = {"use_mtls_endpoint_aliases": True}
    found = party("discover", issuer=place.issuer, client_id=known.id, method=method, metadata=told)
    aliases = found["mtls_endpoint_aliases"]
    assert aliases["token_endpoint"] == f"{proxy.origin(MTLS)}/token"
    elsewhere = {name: uri.replace(MTLS, SELF_SIGNED) for name, uri in aliases.items()} if method == BY_KEY else None
    tls = {"ca": proxy.trusted.read_text()} | ({"cert": shown.cert, "key": shown.key} if shown else {})
    party("show", tls=tls, aliases=elsewhere)
    return party


@pytest.mark.parametrize(("method", "pushed"), [(BY_NAME, True), (BY_KEY, False)])
def test_rfc8705_2_and_3_a_client_and_its_tokens(
    node: Driver, place: Place, proxy: TlsProxy, authority: Authority, arrive: Arrive, method: str, pushed: bool
) -> None:
    itself = method == BY_KEY
    mine, other = authority.client(SUBJECT, itself=itself), authority.client("CN=other", itself=itself)
    known = place.provider.client(**metadata(method, mine))
    party = showing(node, place, proxy, known, mine)
    tokens = party("finish", url=arrive(party("begin", parameters=ASKED, pushed=pushed)))
    token = {"token": tokens["access_token"], "sub": tokens["claims"]["sub"]}
    assert party("userinfo", **token)["name"] == place.person.citizen.profile.name
    assert party("introspect", token=tokens["access_token"])["cnf"] == {"x5t#S256": mine.shown.x5t}
    for stranger in (other, None):
        with pytest.raises(StepFailed, match="invalid_token"):
            showing(node, place, proxy, known, stranger)("userinfo", **token)
        with pytest.raises(StepFailed, match="invalid_client"):
            showing(node, place, proxy, known, stranger)("introspect", token=tokens["access_token"])


@pytest.fixture(scope="module")
def machine(place: Place) -> Registered:
    """A client that needs nobody else: known by the name in its certificate."""
    resource_server(place.provider)
    return place.provider.client(
        **MACHINE, scope="records:read", token_endpoint_auth_method=BY_NAME, tls_client_auth_subject_dn=SUBJECT
    )


def asks(machine: Registered) -> str:
    return urlencode({"grant_type": "client_credentials", "client_id": machine.id})


def spelt(case: str, shown: Credential) -> dict[str, str]:
    """The headers of somebody who has seen the client's certificate: it is no secret."""
    told = {CERTIFICATE: shown.shown.headers(structured=True)["X-Client-Cert"], VERDICT: "SUCCESS"}
    under = {name.replace("-", "_"): value for name, value in told.items()}
    return {"as they are": told, "with underscores": under, "both": told | under}[case]


@pytest.mark.parametrize("case", ["as they are", "with underscores", "both"])
@pytest.mark.parametrize("name", [MTLS, SELF_SIGNED])
def test_d_mtls_headers_that_a_stranger_sends_through_the_proxy(
    proxy: TlsProxy, authority: Authority, machine: Registered, name: str, case: str
) -> None:
    mine, lie = authority.client(SUBJECT), authority.client(SUBJECT, itself=True)
    assert proxy.connect(MTLS, mine).ask("POST", "/token", asks(machine)).status == 200
    for shown in (None, lie) if name == SELF_SIGNED else (None,):
        answer = proxy.connect(name, shown).ask("POST", "/token", asks(machine), spelt(case, mine))
        assert (answer.status, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(("source", "status"), [("127.0.0.2", 401), ("127.0.0.1", 200)])
def test_d_mtls_headers_that_come_past_the_proxy(
    place: Place, proxy: TlsProxy, authority: Authority, machine: Registered, source: str, status: int
) -> None:
    """The same words, of the one who is named as the proxy and of another."""
    told = {"Content-Type": "application/x-www-form-urlencoded"} | spelt("as they are", authority.client(SUBJECT))
    straight = http.client.HTTPConnection("127.0.0.1", place.port, PATIENCE, source_address=(source, 0))
    with contextlib.closing(straight) as connection:
        connection.request("POST", "/token", asks(machine), told)
        assert connection.getresponse().status == status


def test_d_mtls_a_certificate_that_signs_itself_with_the_name_of_a_client(
    proxy: TlsProxy, authority: Authority, machine: Registered
) -> None:
    """Not where chains are proved, nor where they are not; nor when its TLS session is resumed, of which Apache would
    say that it is proved."""
    lie = authority.client(SUBJECT, itself=True)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        proxy.connect(MTLS, lie).ask("POST", "/token", asks(machine))
    first = proxy.connect(SELF_SIGNED, lie, tls12=True)
    assert first.ask("POST", "/token", asks(machine)).status == 401
    second = first.again(SELF_SIGNED)
    assert second.ask("POST", "/token", asks(machine)).status == 401
    assert second.resumed
    with pytest.raises((ssl.SSLError, ConnectionError)):
        first.again(MTLS).ask("POST", "/token", asks(machine))


def test_a_certificate_that_was_taken_back_proves_nothing(
    proxy: TlsProxy, machine: Registered, revoked: Credential
) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        proxy.connect(MTLS, revoked).ask("POST", "/token", asks(machine))
