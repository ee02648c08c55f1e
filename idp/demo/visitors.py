"""Who is signed in at a portal. All is kept in the process; the browser holds one random cookie value and no content.

What a sign-in under way must remember (Authlib's state, nonce and code verifier, the id of a SAML request) is left in
the same place, so it never leaves the portal. A sign-in gets a new cookie value, so that a value planted before it is
worth nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SessionInterface, SessionMixin

from idp.clock import Clock
from idp.secrets import Randomness, digest, urlsafe

VISIT_SECONDS = 3600
"""How long a visit lasts in which nobody signed in."""
SIGNED_IN_SECONDS = 8 * 3600
LARGEST = 10_000
"""Visits kept at most; beyond it the oldest goes, so that a flood of strangers costs a bounded amount of memory."""


class UsedBefore(Exception):
    """The mark was left already."""


class Marks:
    """Names that are remembered for a while and can be claimed once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def claim(self, name: str, seconds: float) -> None:
        """Raises `UsedBefore` for all but the first."""
        with self._lock:
            now = self._clock.now()
            self._until = {mark: until for mark, until in self._until.items() if until > now}
            if name in self._until:
                raise UsedBefore
            self._until[name] = now + seconds

    def leave(self, name: str, seconds: float) -> None:
        """Remember, newly or longer."""
        with self._lock:
            self._until[name] = self._clock.now() + seconds

    def __contains__(self, name: str) -> bool:
        return self._until.get(name, 0) > self._clock.now()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What the portal keeps of a citizen: proved by the ID token and told by the provider's UserInfo endpoint, or both
    by its assertion."""

    sub: str
    sid: str
    acr: str
    auth_time: int
    name: str
    citizen_id_number: str | None
    phone_number: str | None
    hint: str
    """What sign-out needs beside them; never shown. By OpenID Connect the ID token (RP-Initiated Logout section 2), by
    SAML the qualifier of the name, which is in `sub`."""


class Visit(dict[str, Any], SessionMixin):
    """One browser at one portal. The mapping is for what is under way with the provider (Authlib's, or the ids of SAML
    requests); the portal itself uses the attributes."""

    def __init__(self, expires_at: float) -> None:
        super().__init__()
        self.key = ""
        self.expires_at = expires_at
        self.signed_in: SignedIn | None = None
        self.ended_elsewhere = False
        """The cookie was of a sign-in that ended without this browser asking."""
        self.told = False

    @property
    def worth_keeping(self) -> bool:
        """Whether there is anything to remember, so that mere visitors get no cookie."""
        return bool(self) or self.signed_in is not None


class Visitors(SessionInterface):
    """Who is at the portal, by a random cookie value that is kept as a digest; forgotten when the process ends."""

    def __init__(self, cookie: str, secure: bool, clock: Clock, randomness: Randomness) -> None:
        self._cookie = f"__Host-{cookie}" if secure else cookie
        self._secure = secure
        self._clock = clock
        self._randomness = randomness
        self._visits: dict[str, Visit] = {}
        self._ended = Marks(clock)
        self._lock = threading.Lock()

    def open_session(self, app: Flask, request: Request) -> Visit:
        key = digest(request.cookies.get(self._cookie, ""))
        now = self._clock.now()
        with self._lock:
            visit = self._visits.get(key)
            if visit is not None and visit.expires_at > now:
                return visit
            self._visits.pop(key, None)
        fresh = Visit(now + VISIT_SECONDS)
        fresh.ended_elsewhere = key in self._ended
        return fresh

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, Visit)  # noqa: S101 (open_session makes no other)
        if session.worth_keeping and not session.key:
            self._set_cookie(response, self._keep(session))
        elif session.told or (session.key and not session.worth_keeping):
            self.end(session)
            response.delete_cookie(self._cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")

    def sign_in(self, visit: Visit, citizen: SignedIn) -> None:
        """From here on the visit is the citizen's, under a new cookie value."""
        self.end(visit)
        visit.signed_in = citizen
        visit.expires_at = self._clock.now() + SIGNED_IN_SECONDS

    def end(self, visit: Visit) -> None:
        """Forget the visit; what is put into it afterwards is a new one."""
        with self._lock:
            self._visits.pop(visit.key, None)
        visit.key = ""
        visit.clear()
        visit.signed_in = None

    def end_where(self, concerns: Callable[[SignedIn], bool]) -> int:
        """End the sign-ins that `concerns` picks; how many there were."""
        with self._lock:
            found = [visit for visit in self._visits.values() if visit.signed_in and concerns(visit.signed_in)]
            for visit in found:
                self._ended.leave(visit.key, SIGNED_IN_SECONDS)
                del self._visits[visit.key]
        return len(found)

    def _keep(self, visit: Visit) -> str:
        value = urlsafe(self._randomness.bytes(32))
        visit.key = digest(value)
        with self._lock:
            self._make_room()
            self._visits[visit.key] = visit
        return value

    def _make_room(self) -> None:
        now = self._clock.now()
        for key in [key for key, visit in self._visits.items() if visit.expires_at <= now]:
            del self._visits[key]
        while len(self._visits) >= LARGEST:
            del self._visits[next(iter(self._visits))]

    def _set_cookie(self, response: Response, value: str) -> None:
        response.set_cookie(self._cookie, value, path="/", secure=self._secure, httponly=True, samesite="Lax")
