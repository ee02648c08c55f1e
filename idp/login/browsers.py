"""Browsers in which a citizen has signed in before: they get a lane of their own in `throttle.py`.

The browser keeps the proof, in a long-lived cookie, and we keep nothing: a random id of the browser and, for each of
the last few citizens, a day and an HMAC over browser, day and citizen. The cookie names nobody; only who knows the
secret and the citizen's internal id can ask it a question. It is no credential: its thief gets a lane to guess in.

    <browser>.<day>-<mac>.<day>-<mac>
"""

import hmac
from dataclasses import dataclass
from typing import Final

from idp.clock import Clock
from idp.secrets import Randomness, equal, urlsafe

LIFETIME_DAYS: Final = 180
REMEMBERED: Final = 5
"""Citizens who share one browser: a family, a counter."""

DAY: Final = 86_400
BROWSER_LENGTH: Final = 22
LONGEST: Final = BROWSER_LENGTH + REMEMBERED * 60


@dataclass(frozen=True, slots=True)
class _Entry:
    day: int
    mac: str


class KnownBrowsers:
    def __init__(self, secret: bytes, clock: Clock, randomness: Randomness) -> None:
        self._secret = secret
        self._clock = clock
        self._randomness = randomness

    def known(self, marker: str, citizen_id: str) -> str | None:
        """The id of the browser that sent `marker`, if this citizen has signed in there."""
        browser, entries = _parsed(marker)
        proven = any(self._proves(browser, entry, citizen_id) for entry in entries)
        return browser if proven else None

    def remember(self, marker: str, citizen_id: str) -> str:
        """The cookie's new value after a sign-in of this citizen; `marker` is the old one or empty."""
        browser, entries = _parsed(marker)
        others = [entry for entry in entries if not self._proves(browser, entry, citizen_id)]
        browser = browser or urlsafe(self._randomness.bytes(16))
        day = int(self._clock.now()) // DAY
        newest = _Entry(day, self._mac(browser, day, citizen_id))
        return ".".join([browser, *(f"{entry.day}-{entry.mac}" for entry in [newest, *others][:REMEMBERED])])

    def _proves(self, browser: str, entry: _Entry, citizen_id: str) -> bool:
        fresh = 0 <= int(self._clock.now()) // DAY - entry.day < LIFETIME_DAYS
        return equal(entry.mac, self._mac(browser, entry.day, citizen_id)) and fresh

    def _mac(self, browser: str, day: int, citizen_id: str) -> str:
        message = f"known browser.{browser}.{day}.{citizen_id}"
        return urlsafe(hmac.digest(self._secret, message.encode(), "sha256"))


def _parsed(marker: str) -> tuple[str, list[_Entry]]:
    """Browser and entries; a cookie that is not ours is none."""
    browser, *entries = marker.split(".") if len(marker) <= LONGEST and marker.isascii() else [""]
    if len(browser) != BROWSER_LENGTH:
        return "", []
    return browser, [parsed for entry in entries if (parsed := _entry(entry)) is not None]


def _entry(text: str) -> _Entry | None:
    day, _, mac = text.partition("-")
    return _Entry(int(day), mac) if day.isdecimal() and len(day) <= 6 and len(mac) == 43 else None
