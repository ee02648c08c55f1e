"""People who sign in and hop on and on, and remember every answer they got, so that a test can say which were wrong."""

import http.client
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.provider import Person, Provider, Registered, Visitor, parameters
from tests.support.serving import Answer, Proxy, Served

REFUSED = 0
"""In place of a status: the connection was refused or cut."""


@dataclass(frozen=True)
class Seen:
    """One request and what came of it; `at` is when it was sent, by `time.monotonic`."""

    at: float
    seconds: float
    method: str
    path: str
    status: int
    content_type: str = ""
    retry_after: str | None = None
    body: bytes = b""

    @property
    def is_clear_refusal(self) -> bool:
        """A 503 page, or a 503 error for a relying party's server, that says when to come again."""
        if self.status != 503 or self.retry_after is None:
            return False
        if self.content_type.startswith("application/json"):
            return b'"temporarily_unavailable"' in self.body
        return self.content_type.startswith("text/html") and b"<h1" in self.body


class Watching(Proxy):
    """A proxy that remembers."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.seen: list[Seen] = []

    def ask(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        at, path = time.monotonic(), target.partition("?")[0]
        try:
            answer = super().ask(method, target, body, headers)
        except (OSError, http.client.HTTPException):
            self.seen.append(Seen(at, time.monotonic() - at, method, path, REFUSED))
            raise
        kind, retry_after = answer.headers.get("Content-Type", ""), answer.headers.get("Retry-After")
        seconds = time.monotonic() - at
        self.seen.append(Seen(at, seconds, method, path, answer.status, kind, retry_after, answer.body))
        return answer


class WrongAnswer(AssertionError):
    """Somebody was told something that is not so."""


@dataclass
class Load:
    """Threads of visitors. `arrivals` are the sign-ins that were told to have succeeded: when, and whose."""

    served: Served
    people: Sequence[Person]
    client: Registered
    watching: Watching
    pause: float = 0.0
    """Seconds between two sign-ins or hops of one visitor."""
    arrivals: list[tuple[float, str]] = field(default_factory=list)
    hops: list[float] = field(default_factory=list)
    wrong: list[BaseException] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for index, person in enumerate(self.people):
            work = self._hop_on if index % 2 else self._sign_in_again
            self._threads.append(threading.Thread(target=self._run, args=(work, person)))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(30)

    def _run(self, work: Callable[[Visitor, Person], None], person: Person) -> None:
        provider = Provider(self.served.provider.services, self.watching, self.served.provider.clock)  # type: ignore[arg-type]
        visitor: list[Visitor] = []
        while not self._stop.is_set():
            try:
                if not visitor:
                    visitor.append(provider.visitor(f"203.0.113.{self.people.index(person)}"))
                work(visitor[0], person)
                time.sleep(self.pause)
            except (Interrupted, OSError, http.client.HTTPException):
                visitor.clear()
                time.sleep(0.05)
            except BaseException as error:  # a thread must tell what it found
                self.wrong.append(error)
                return

    def _sign_in_again(self, visitor: Visitor, person: Person) -> None:
        visitor.http.delete_cookie("__Host-idp-session", domain="id.example")
        self._sign_in(visitor, person)

    def _hop_on(self, visitor: Visitor, person: Person) -> None:
        response = visitor.authorize(self.client)
        if response.status_code == 200 and "username" in response.text:
            self._sign_in(visitor, person)
            return
        _expect(response, 303)
        self._redeem(visitor, person, response.location)

    def _sign_in(self, visitor: Visitor, person: Person) -> None:
        page = visitor.authorize(self.client)
        _expect(page, 200)
        began = time.monotonic()
        response = visitor.password(page, person)
        if response.status_code == 200 and "decision" in response.text:
            self.arrivals.append((began, person.citizen.id))
            response = visitor.allow(response)
            _expect(response, 303)
        else:
            _expect(response, 303)
            self.arrivals.append((began, person.citizen.id))
        self._redeem(visitor, person, response.location)

    def _redeem(self, visitor: Visitor, person: Person, location: str) -> None:
        told = parameters(location)
        if "code" not in told:
            raise WrongAnswer(f"no code: {told}")
        token = visitor._provider.token(self.client, self.client.exchange(told["code"]))
        _expect(token, 200, gone=(400, "invalid_grant"))
        claims = visitor._provider.userinfo(token.json["access_token"])
        _expect(claims, 200, gone=(401, "invalid_token"))
        known = self.subjects.setdefault(person.citizen.id, claims.json["sub"])
        if known != claims.json["sub"] or claims.json["name"] != "李静文":
            raise WrongAnswer("another citizen's claims")
        self.hops.append(time.monotonic())


class Interrupted(Exception):
    """What was begun cannot go on: a store was away, or has forgotten it."""


def _expect(response: Any, status: int, gone: tuple[int, str] | None = None) -> None:
    """The status, or a refusal that an outage explains: 503; a transaction or a code that Redis has forgotten."""
    if response.status_code == status:
        return
    if response.status_code == 503 or (response.status_code == 400 and "text/html" in response.content_type):
        raise Interrupted
    if gone is not None and response.status_code == gone[0] and response.json["error"] == gone[1]:
        raise Interrupted
    raise WrongAnswer(f"{response.status_code} for {response.request.path}: {response.text[:300]}")
