"""Nothing secret and nothing personal is written down: not in logs, not in the trail, not at rest in either store.

A whole journey against a real `idp serve` that tells all it can, then a search of everything it wrote for every secret
and every personal detail the journey used, in the forms in which they might be written. What audit events and log lines
let through: `tests/unit/test_audit_recorder.py`, `tests/unit/test_logs.py`.
"""

import base64
import re
import time
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import pytest
import redis
from werkzeug.test import TestResponse

from idp.audit.writer import AuditWriter
from tests.support.cookies import BROWSER, SESSION, cookie
from tests.support.forms import form
from tests.support.provider import PASSWORD, TOTP_SECRET, VERIFIER, Person, Provider, Registered, Visitor, parameters
from tests.support.redis_service import RedisServer
from tests.support.serving import Served, served
from tests.support.totp import totp_now

SCOPE = "openid profile email phone address citizen_id offline_access"


class Canary:
    """Every value that must not be found, by what it is."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def know(self, **values: str | None) -> None:
        self.values |= {name: value for name, value in values.items() if value}

    def forms(self) -> dict[str, bytes]:
        """A value as it is, percent-encoded, and in base64."""
        found = {}
        for name, value in self.values.items():
            found[name] = value.encode()
            found[f"{name}, quoted"] = quote(value, safe="").encode()
            found[f"{name}, base64"] = base64.b64encode(value.encode()).rstrip(b"=")[:-1]
        return found

    def sung(self, text: bytes) -> set[str]:
        decoded = text + unquote_to_bytes(text.replace(b"\\u0026", b"&"))
        return {name for name, value in self.forms().items() if value in decoded}


def journey(served_: Served, canary: Canary) -> None:
    """Sign in with everything, twice wrongly, use and misuse all that was given, and leave."""
    provider = served_.provider
    provider.clock.seconds = time.time()
    client = provider.client(scope=SCOPE)
    person = provider.citizen(totp=True, name="欧阳静文")
    recovery = provider.services.recovery.renew(person.citizen.id)[0]
    canary.know(password=PASSWORD, number=person.number, phone=person.phone, name="欧阳静文", totp_secret=TOTP_SECRET)
    canary.know(client_secret=client.secret, verifier=VERIFIER, recovery_code=recovery.replace("-", ""))
    canary.know(mistyped="my-wrong-password-77")
    visitor = provider.visitor()
    answer = signed_in(provider, visitor, client, person, canary)
    used(provider, client, answer["code"], canary)
    other = provider.visitor("198.51.100.2")
    page = other.password(other.authorize(client, login_hint=person.number), person)
    recover = page.request.full_path.replace("/login/otp", "/login/recovery")
    other.post(recover, form(page.text, "otp").filled(recovery_code=recovery))
    canary.know(session_by_recovery=cookie(other))
    visitor.submit(visitor.get("/logout"), "decision", decision="allow")


def signed_in(
    provider: Provider, visitor: Visitor, client: Registered, person: Person, canary: Canary
) -> dict[str, str]:
    page = visitor.authorize(client, scope=SCOPE, login_hint=person.number)
    assert person.number in page.text
    visitor.password(page, person, "my-wrong-password-77")
    page = visitor.password(page, person)
    visitor.submit(page, "otp", otp="000000")
    code = totp_now(provider, person)
    page = visitor.submit(page, "otp", otp=code)
    canary.know(csrf=form(page.text, "decision").fields["csrf"][0], transaction=transaction(page))
    answer = parameters(visitor.allow(page, "citizen_id").location)
    canary.know(session=cookie(visitor), browser=cookie(visitor, BROWSER), known=cookie(visitor, "__Host-idp-known"))
    canary.know(code=answer["code"])
    return answer


def used(provider: Provider, client: Registered, code: str, canary: Canary) -> None:
    got = provider.token(client, client.exchange(code)).get_json()
    assert provider.userinfo(got["access_token"]).get_json()["citizen_id_number"] == canary.values["number"]
    again = provider.token(client, {"grant_type": "refresh_token", "refresh_token": got["refresh_token"]}).get_json()
    for name in ("access_token", "refresh_token", "id_token"):
        canary.know(**{name: got[name], f"second_{name}": again[name]})
    provider.userinfo(got["access_token"] + "x")
    provider.token(client, client.exchange(code))
    provider.token(client, client.exchange(code, client_secret=client.secret), {"Authorization": "Basic eDp5"})
    provider.machine().get("/userinfo", query_string={"access_token": got["access_token"]})
    provider.machine().get("/logout", query_string={"id_token_hint": got["id_token"], "client_id": "other"})


def transaction(page: TestResponse) -> str:
    found = re.search(r"[?&]t=([\w-]+)", page.request.full_path)
    assert found
    return found[1]


@pytest.mark.parametrize("state", ["embedded", "redis"])
def test_leaks_nothing_secret_or_personal_is_written_down(
    tmp_path: Path, redis_server: RedisServer, state: str
) -> None:
    redis_server.start()
    redis_server.flush()
    canary, url = Canary(), {"IDP_STATE_URL": redis_server.url} if state == "redis" else {}
    with served(tmp_path, workers=1, IDP_LOG_LEVEL="debug", **url) as running:
        journey(running, canary)
        stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        if state == "redis":
            stored += everything(redis_server)
        assert canary.sung(stored) == set()
        AuditWriter(running.provider.services.state, running.provider.services.records.audit, "test").move()
        time.sleep(1)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"login:success" in written
    assert b"idp.access" in written
    assert canary.sung(written) == set()
    assert SESSION not in written.decode("utf-8", "replace")


def everything(server: RedisServer) -> bytes:
    """All keys and values, as Redis hands them to whoever may read it."""
    with redis.Redis(host="127.0.0.1", port=server.port) as client:
        reads = {
            b"string": client.get,
            b"hash": client.hgetall,
            b"stream": client.xrange,
            b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1),
            b"list": lambda key: client.lrange(key, 0, -1),
        }
        return b"\n".join(key + b" " + str(reads[client.type(key)](key)).encode() for key in client.scan_iter())


def test_leaks_the_canary_sings() -> None:
    """The search would find what it looks for, in each of its forms."""
    canary = Canary()
    canary.know(secret="pass word&0013")
    for text in (b"xpass word&0013x", b"a=pass%20word%260013", base64.b64encode(b"pass word&0013")):
        assert canary.sung(text)
    assert not canary.sung(b"nothing")
