"""The consent page of one request: what is asked, with a preview of what would be passed on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from idp.citizens.citizen import Profile
from idp.citizens.number import mask
from idp.login.consent import Question, question
from idp.login.party import RelyingParty, in_language
from idp.login.transaction import Ask
from idp.pages import ClientView, ConsentItem, ConsentPage, ConsentProblem, LawfulBasis

_OFFLINE: Final = "offline_access"

_PREVIEWS: Final[Mapping[str, Callable[[Profile], str | None]]] = {
    "profile": lambda profile: profile.name,
    "name": lambda profile: profile.name,
    "birthdate": lambda profile: profile.birthdate,
    "email": lambda profile: profile.email,
    "phone": lambda profile: _middle_hidden(profile.phone),
    "phone_number": lambda profile: _middle_hidden(profile.phone),
    "address": lambda profile: profile.address,
    "citizen_id": lambda profile: mask(profile.number) if profile.number else None,
    "citizen_id_number": lambda profile: mask(profile.number) if profile.number else None,
}


def _middle_hidden(phone: str | None) -> str | None:
    """`+86 154****0021`, as it is read out."""
    if not phone or len(phone) <= 8:
        return None
    country, local = ("+86 ", phone[3:]) if phone.startswith("+86") else ("", phone)
    return f"{country}{local[:-8]}****{local[-4:]}"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the page has of the request that shows it: its form, the reader's language, and what was wrong before."""

    action: str
    csrf: str
    client: ClientView
    language: str
    problem: ConsentProblem | None = None


def consent_page(ask: Ask, party: RelyingParty, profile: Profile, setting: Setting) -> ConsentPage:
    asked = question(ask, party)
    return ConsentPage(
        action=setting.action,
        csrf=setting.csrf,
        client=setting.client,
        person=profile.masked_name,
        purpose=in_language(party.purpose, setting.language),
        retention=in_language(party.retention, setting.language),
        basis=LawfulBasis(party.lawful_basis),
        rule=party.lawful_basis_rule,
        required=_items(asked, asked.required, profile),
        optional=_items(asked, asked.optional, profile),
        sensitive=_items(asked, asked.sensitive, profile),
        offline=_OFFLINE in asked.required,
        problem=setting.problem,
        policy_uri=in_language(party.policy_uri, setting.language) or None,
    )


def _items(asked: Question, names: tuple[str, ...], profile: Profile) -> tuple[ConsentItem, ...]:
    needed = {*asked.required, *asked.required_sensitive}
    # where it is required, a sentence of its own tells of access while away; where it is optional, it has a box
    shown = (name for name in names if name != _OFFLINE or name not in needed)
    return tuple(ConsentItem(name, _preview(name, profile), name in needed) for name in shown)


def _preview(name: str, profile: Profile) -> str:
    show = _PREVIEWS.get(name)
    return (show(profile) if show else None) or ""
