"""D. Certificates (RFC 8705 section 7): headers of those who are no proxy, and certificates that are none."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.answers import token_refused, tokens
from tests.support.assertions import JWKS
from tests.support.client_certificates import DNS, HEADER, PROXY, SUBJECT, VERDICT, behind_a_proxy, certificate, told
from tests.support.known import Known, acquainted
from tests.support.provider import ISSUER, Registered

MINE = certificate()
BOUND: dict[str, Any] = {"tls_client_certificate_bound_access_tokens": True}
STRANGER = "203.0.113.66"


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    with behind_a_proxy(tmp_path_factory.mktemp("mtls")) as provider:
        yield acquainted(provider)


@pytest.fixture(scope="module")
def named(known: Known) -> Registered:
    return known.meet(token_endpoint_auth_method="tls_client_auth", tls_client_auth_subject_dn=SUBJECT)


@pytest.fixture(scope="module")
def keyed(known: Known) -> Registered:
    return known.meet(token_endpoint_auth_method="self_signed_tls_client_auth", jwks=MINE.jwks)


def answer(known: Known, client: Registered, shown: dict[str, str], peer: str = PROXY, code: str = "x") -> Any:
    fields = client.exchange(code) | {"client_id": client.id}
    machine = known.provider.machine()
    return machine.post("/token", base_url=ISSUER, data=fields, headers=shown, environ_base={"REMOTE_ADDR": peer})


@pytest.mark.parametrize("peer", [STRANGER, "127.0.0.2", "::1", "", "127.0.0.1.evil"])
def test_d_mtls_a_header_of_somebody_who_is_no_proxy_of_ours(
    known: Known, named: Registered, keyed: Registered, peer: str
) -> None:
    """Whatever it says of who forwarded it: certificates are public."""
    lies = MINE.headers() | {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"}
    for client in (named, keyed):
        token_refused(answer(known, client, lies, peer), "invalid_client", 401)
    tokens(answer(known, named, MINE.headers(), "::ffff:127.0.0.1", known.code(named)))


def test_d_mtls_a_bound_token_with_a_header_of_ones_own(known: Known) -> None:
    client = known.meet(**BOUND)
    told = known.provider.token(client, client.exchange(known.code(client)), client.basic | MINE.headers())
    token = tokens(told)["access_token"]
    headers = {"Authorization": f"Bearer {token}"} | MINE.headers()
    stolen = known.provider.machine().get(
        "/userinfo", base_url=ISSUER, headers=headers, environ_base={"REMOTE_ADDR": STRANGER}
    )
    assert (stolen.status_code, stolen.get_json()["error"]) == (401, "invalid_token")
    for forged in (token.partition("~")[0], token.replace("~c", "~d"), f"{token}~c{'A' * 43}"):
        assert known.provider.userinfo(forged).status_code == 401


@pytest.mark.parametrize(
    "verdict", [None, "", "NONE", "FAILED:certificate has expired", "success", "SUCCESS,NONE", "1"]
)
def test_d_mtls_a_name_without_a_chain_proves_nothing(known: Known, named: Registered, verdict: str | None) -> None:
    """Anybody can write a certificate with another's name."""
    forged = certificate("evil")
    token_refused(answer(known, named, forged.headers(verdict)), "invalid_client", 401)


def test_d_mtls_a_name_is_no_key_and_a_key_no_name(known: Known, keyed: Registered) -> None:
    same_name = certificate("evil")
    token_refused(answer(known, keyed, same_name.headers()), "invalid_client", 401)
    wild = certificate("evil", subject="CN=*.example", names=False)
    client = known.provider.client(token_endpoint_auth_method="tls_client_auth", tls_client_auth_san_dns=DNS)
    token_refused(answer(known, client, wild.headers()), "invalid_client", 401)


ESCAPED = quote(MINE.pem, safe="")
BROKEN = {
    "empty": " ",
    "text": "x",
    "two by a comma": f"{ESCAPED}, {ESCAPED}",
    "two in one": ESCAPED + ESCAPED,
    "a chain": quote(MINE.pem + certificate("other").pem, safe=""),
    "cut": ESCAPED[: len(ESCAPED) // 2],
    "no base64": "-----BEGIN%20CERTIFICATE-----%0A!!!%0A-----END%20CERTIFICATE-----%0A",
    "no DER": ":AAAA:",
    "bytes that are no base64": ":$$$:",
    "an empty byte sequence": "::",
    "one colon": ":",
    "another PEM": quote("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
    "not UTF-8": "-----BEGIN%20CERTIFICATE-----%FF",
    "not ASCII": quote("-----BEGIN CERTIFICATE-----\n名"),
    "long": ESCAPED + "A" * 20_000,
}


BY_KEY = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": JWKS}
BY_NAME = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": DNS}
STRANGE: dict[str, tuple[bytes, dict[str, Any]]] = {
    "a curve that is not ours": (certificate("odd", curve=ec.BrainpoolP256R1()).der, BY_KEY),
    "a version that there is not": (MINE.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05", 1), BY_KEY),
    "a kind of name that nobody reads": (MINE.der.replace(b"\x82\x0eportal", b"\xa3\x0eportal", 1), BY_NAME),
}


@pytest.mark.parametrize("case", STRANGE)
def test_d_mtls_what_nobody_here_reads_proves_nothing(known: Known, case: str) -> None:
    der, metadata = STRANGE[case]
    shown = {HEADER: told(der), VERDICT: "SUCCESS"}
    token_refused(answer(known, known.provider.client(**metadata), shown), "invalid_client", 401)


@pytest.mark.parametrize("case", BROKEN)
def test_d_mtls_what_is_no_certificate_is_none(known: Known, named: Registered, keyed: Registered, case: str) -> None:
    shown = {HEADER: BROKEN[case], VERDICT: "SUCCESS"}
    for client in (named, keyed):
        token_refused(answer(known, client, shown), "invalid_client", 401)
    tokens(known.provider.token(known.client, known.client.exchange(known.code()), known.client.basic | shown))


def test_d_mtls_one_method_a_request(known: Known, named: Registered) -> None:
    fields = named.exchange("x") | {"client_id": named.id, "client_secret": "x"}
    token_refused(known.provider.token(named, fields, MINE.headers()), "invalid_client", 401)
    basic = known.provider.token(named, named.exchange("x"), named.basic | MINE.headers())
    token_refused(basic, "invalid_client", 401)
    token_refused(answer(known, named, {}), "invalid_client", 401)
    # nor does a certificate stand in for a secret
    token_refused(answer(known, known.client, MINE.headers()), "invalid_client", 401)
