"""What every page needs, and who asks."""

from dataclasses import dataclass
from typing import ClassVar, Protocol


class Page(Protocol):
    """Any page dataclass: it names the template that shows it."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Frame:
    """`language` is one of `LANGUAGES`; `large` is the large-print version (长辈版).

    `here` is the local path and query of this page: where the language and large-print links lead back to.
    """

    language: str
    large: bool
    here: str


def in_sign_in(here: str) -> bool:
    """Whether a local address is a step of a sign-in, which a citizen should not lose."""
    return here.startswith(("/login?", "/login/", "/consent?"))


@dataclass(frozen=True, slots=True)
class ClientView:
    """A relying party as the citizen meets it; `name` is already in the citizen's language."""

    name: str
    host: str
    uri: str | None = None
    ours: bool = False
    """No relying party: a page of our own, which has no sign and no host to be told apart by."""
