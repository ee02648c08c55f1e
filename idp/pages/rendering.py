"""A page dataclass and a frame in, HTML out. The one home of jinja2."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, Template
from jinja2.bccache import Bucket
from markupsafe import Markup

from idp.pages import wording
from idp.pages.cutting import Cut
from idp.pages.ending import ContinuePage
from idp.pages.frame import Frame, Page, in_sign_in
from idp.pages.language import LANGUAGES, Tongue
from idp.pages.statics import Statics


def templates() -> Path:
    """The installed package `idp.templates`; in a bare checkout, the folder beside `idp`."""
    spec = find_spec("idp.templates")
    found = spec.submodule_search_locations if spec else None
    return Path(next(iter(found))) if found else Path(__file__).parents[2] / "templates"


class Pages:
    """Renders every page; made once per process."""

    def __init__(self, folder: Path | None = None) -> None:
        home = folder or templates()
        self._statics = Statics(home / "static")
        self._tongues = {language: Tongue(language, home / "translations") for language in LANGUAGES}
        self._compiled_once = _Compiled()
        self._templates = {language: self._compiled(language, home) for language in LANGUAGES}
        self._cut = Cut(self.whole)

    def render(self, page: Page, frame: Frame) -> str:
        """HTML of `page`. An unknown language is the default one."""
        if isinstance(page, ContinuePage) and not in_sign_in(frame.here):
            return self._cut.render(page, frame)
        return self.whole(page, frame)

    def whole(self, page: Page, frame: Frame) -> str:
        """The same, always by its template."""
        language = frame.language if frame.language in self._templates else LANGUAGES[0]
        return self._templates[language][page.template].render(page=page, frame=frame, language=language)

    def static(self, name: str) -> tuple[bytes, str] | None:
        """Content and content type of `/static/<name>`; None when there is no such file. May be cached for ever."""
        return self._statics.get(name)

    def _compiled(self, language: str, home: Path) -> dict[str, Template]:
        environment = self._environment(language, home)
        return {name: environment.get_template(name) for name in environment.list_templates(extensions=["html"])}

    def _environment(self, language: str, home: Path) -> Environment:
        tongue = self._tongues[language]
        environment = Environment(
            loader=FileSystemLoader(home),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=self._compiled_once,
        )
        environment.filters |= {
            "date": tongue.date,
            "duration": tongue.duration,
            "in_order": wording.in_order,
            "initial": initial,
            "link": link,
        }
        environment.globals |= {
            "_": speaker(tongue),
            "static": lambda name: f"/static/{self._statics.name(name)}",
            "preference": preference,
            "helping": helping,
            "in_sign_in": in_sign_in,
            "describe": lambda named: wording.describe(named, tongue.say),
            "error_words": wording.ERRORS,
            "password_problems": wording.PASSWORD_PROBLEMS,
        }
        return environment


class _Compiled(BytecodeCache):
    """Templates compiled for one language serve the other: only the words differ, and they come as globals."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


def speaker(tongue: Tongue) -> Callable[..., Markup]:
    """The `_` of the templates: `_("Back to %(name)s", name=…)`. Messages are ours; values are escaped."""

    @cache
    def said(message: str) -> Markup:
        return Markup(tongue.say(message))  # noqa: S704 - from our own catalogue

    def speak(message: str, **values: object) -> Markup:
        return said(message) % values if values else said(message)

    return speak


def preference(frame: Frame, **choice: str) -> str:
    """The address that remembers a choice (`language` or `size`) and leads back here."""
    return f"/preferences?{urlencode({**choice, 'back': frame.here})}"


def helping(frame: Frame) -> str:
    """The address of the help page, which leads back to a sign-in."""
    return f"/help?{urlencode({'back': frame.here})}" if in_sign_in(frame.here) else "/help"


def initial(name: str) -> str:
    """The first letter, as a sign in the place of a logo."""
    return name.strip()[:1].upper()


def link(address: str | None) -> str | None:
    """An address fit for an `href`: local, http(s), or an app's own reverse-domain scheme (RFC 8252 section 7.1).

    Anything else, `javascript:` before all, is not linked: escaping alone would let it through.
    """
    if not address:
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        return address if parts.netloc else None
    local = not parts.scheme and not parts.netloc and address.startswith("/") and address[1:2] not in ("/", "\\")
    return address if local or "." in parts.scheme else None
