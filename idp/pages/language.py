"""Which language a visitor gets, and the words in it. The one home of babel."""

import gettext
import io
import math
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from babel.core import Locale
from babel.dates import format_date, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("zh-CN", "en")
"""BCP 47 tags, the default first."""


def choose_language(ui_locales: Sequence[str], cookie: str | None, accept_language: str | None) -> str:
    """What the request asks for (OIDC Core section 3.1.2.1), else what the visitor chose before, else the browser's."""
    wanted = (*ui_locales, cookie or "", *_accepted((accept_language or "")[:1_000]))
    return next((language for tag in wanted if (language := _supported(tag))), LANGUAGES[0])


def _supported(tag: str) -> str | None:
    """Look-up by primary subtag (RFC 4647 section 3.4): `zh` and `zh-Hans` are read in `zh-CN`, `en-GB` in `en`."""
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    return next((language for language in LANGUAGES if language.partition("-")[0] == primary), None)


@lru_cache(maxsize=256)
def _accepted(header: str) -> Sequence[str]:
    """Tags of an Accept-Language header (RFC 9110 section 12.5.4), the best liked first, without malformed ones."""
    parts = (part.partition(";") for part in header.split(","))
    ranges = [(_quality(parameters), tag) for tag, _, parameters in parts]
    return tuple(tag for quality, tag in sorted(ranges, key=lambda pair: -pair[0]) if quality > 0)


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0


class Tongue:
    """One language: its catalogue, and how it writes dates and lengths of time."""

    def __init__(self, language: str, translations: Path) -> None:
        self.locale = Locale.parse(language, sep="-")
        self.catalogue = _catalogue(translations / language.replace("-", "_") / "messages.po", self.locale)

    def say(self, message: str) -> str:
        """The message in this language; one the catalogue lacks stays English."""
        return self.catalogue.gettext(message)

    def date(self, day: date) -> str:
        """The day as people of this language write it out."""
        return format_date(day, format="long", locale=self.locale)

    def duration(self, seconds: int) -> str:
        """A wait in words, rounded up so that it is never too short."""
        unit = next((unit for unit in (3600, 60) if seconds >= unit), 1)
        rounded = max(math.ceil(seconds / unit), 1) * unit
        return format_timedelta(rounded, threshold=1, locale=self.locale)


def _catalogue(path: Path, locale: Locale) -> gettext.GNUTranslations:
    """The .po file is the only artefact: it is compiled in memory when the process starts."""
    with path.open("rb") as source:
        catalogue = read_po(source, locale=locale)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
