"""A relying party as the citizen meets it, whichever protocol it speaks.

Texts are mappings from language tag to text, with "" for the one without a tag.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

CONSENT: Final = "consent"
STATUTORY_DUTY: Final = "statutory_duty"
BASES: Final = (CONSENT, STATUTORY_DUTY)
"""On what a relying party asks (PIPL article 13)."""
SERVICE_PROVIDERS: Final = "sp-"
"""How the party ids of SAML service providers begin. No OIDC client has one that does: sessions, consents and duties
know both by their party ids alone."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a relying party may do in the citizen's name at another service: in words, and where. `record`:
    the title names a record of the citizen's, which is read there."""

    title: Mapping[str, str]
    place: Mapping[str, str]
    record: bool = False


@dataclass(frozen=True, slots=True)
class RelyingParty:
    id: str
    """Empty for a page of our own."""
    name: Mapping[str, str]
    host: str
    uri: Mapping[str, str]
    policy_uri: Mapping[str, str]
    purpose: Mapping[str, str]
    retention: Mapping[str, str]
    lawful_basis: str
    lawful_basis_rule: str
    optional: tuple[str, ...]
    """Names of what the citizen may leave out without being refused."""
    deeds: Mapping[str, Deed] = field(default_factory=dict)
    """By the name under which a request asks for each."""
    tos_uri: Mapping[str, str] = field(default_factory=dict)


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in `language`, else the one of its primary tag, else the untagged one, else any."""
    primary = language.split("-", maxsplit=1)[0]
    for tag in (language, primary, ""):
        if tag in texts:
            return texts[tag]
    near = (text for tag, text in texts.items() if tag.split("-")[0] == primary)
    return next(near, next(iter(texts.values()), ""))
