"""What citizens are told of a client, in all languages it has words for (RFC 7591 section 2.2, PIPL articles 13 and
17)."""

from typing import Any, Final

from idp.errors import InvalidClientMetadata
from idp.login.party import BASES, CONSENT, STATUTORY_DUTY
from idp.oidc.registration.addresses import host_of, link_of
from idp.oidc.registration.members import LANGUAGE_TAG, Metadata, one_of, string, strings

TEXTS: Final = ("client_name", "purpose", "retention")
LINKS: Final = ("client_uri", "logo_uri", "policy_uri", "tos_uri")


def notice(metadata: Metadata) -> dict[str, Any]:
    """What the citizen is told of the client, and on which basis it asks (PIPL articles 13 and 17)."""
    return {
        "contacts": strings(metadata, "contacts"),
        "lawful_basis": one_of(metadata, "lawful_basis", BASES, CONSENT),
        "lawful_basis_rule": _rule(metadata),
        **{name: texts(metadata, name) for name in ("purpose", "retention", *LINKS)},
    }


def _rule(metadata: Metadata) -> str:
    """A statutory duty rests on a rule that can be named (PIPL article 13)."""
    rule = string(metadata, "lawful_basis_rule") or ""
    if metadata.get("lawful_basis") == STATUTORY_DUTY and not rule:
        raise InvalidClientMetadata("lawful_basis_rule is missing")
    return rule


def name_of(metadata: Metadata, redirect_uris: tuple[str, ...]) -> dict[str, str]:
    """Its name, or else the host that the citizen is sent back to."""
    name = texts(metadata, "client_name")
    if not name and not redirect_uris:
        raise InvalidClientMetadata("client_name is missing")
    return name or {"": host_of(redirect_uris[0])}


def texts(metadata: Metadata, name: str) -> dict[str, str]:
    """A human-readable member with all its languages."""
    texts: dict[str, str] = {}
    for member in metadata:
        base, _, tag = member.partition("#")
        if base == name and (text := string(metadata, member)):
            if tag and not LANGUAGE_TAG.fullmatch(tag):
                raise InvalidClientMetadata(f"{name} has an unknown language tag")
            texts[tag] = link_of(text, name) if name in LINKS else text
    return texts
