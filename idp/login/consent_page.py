"""The consent page of one request: what is asked, with a preview of what would be passed on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from idp.citizens.citizen import Profile
from idp.citizens.number import mask
from idp.login.consent import Question, question
from idp.login.party import RelyingParty, in_language
from idp.login.transaction import Ask
from idp.pages import ClientView, ConsentItem, ConsentPage, ConsentProblem, LawfulBasis, OtherDeviceView

_OFFLINE: Final = "offline_access"

_VALUES: Final[Mapping[str, Callable[[Profile], str | None]]] = {
    "profile": lambda profile: profile.name,
    "name": lambda profile: profile.name,
    "birthdate": lambda profile: profile.birthdate,
    "gender": lambda profile: profile.gender,
    "email": lambda profile: profile.email,
    "email_verified": lambda profile: profile.email,
    "phone": lambda profile: profile.phone,
    "phone_number": lambda profile: profile.phone,
    "phone_number_verified": lambda profile: profile.phone,
    "address": lambda profile: profile.address,
    "citizen_id": lambda profile: profile.number,
    "citizen_id_number": lambda profile: profile.number,
}
"""What an item rests on; one that is not here, such as the identifier, is there for everybody."""


def _middle_hidden(phone: str) -> str:
    """`+86 154****0021`, as it is read out."""
    if len(phone) <= 8:
        return mask(phone)
    country, local = ("+86 ", phone[3:]) if phone.startswith("+86") else ("", phone)
    return f"{country}{local[:-8]}****{local[-4:]}"


def _whole(value: str) -> str:
    return value


def _untold(_: str) -> str:
    """The title says all there is to see."""
    return ""


_SHOWN: Final[Mapping[str, Callable[[str], str]]] = {
    "phone": _middle_hidden,
    "phone_number": _middle_hidden,
    "citizen_id": mask,
    "citizen_id_number": mask,
    "gender": _untold,
    "email_verified": _untold,
    "phone_number_verified": _untold,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What the page has of the request that shows it: its form, the reader's language, what was wrong before, and what
    the citizen had ticked then."""

    action: str
    csrf: str
    client: ClientView
    language: str
    problem: ConsentProblem | None = None
    ticked: frozenset[str] = frozenset()
    other_device: OtherDeviceView | None = None


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
        required=_worded(_items(asked, asked.required, profile, frozenset()), party, setting.language),
        optional=_worded(_items(asked, asked.optional, profile, setting.ticked), party, setting.language),
        sensitive=_items(asked, asked.sensitive, profile, setting.ticked),
        offline=_OFFLINE in asked.required,
        problem=setting.problem,
        policy_uri=in_language(party.policy_uri, setting.language) or None,
        tos_uri=in_language(party.tos_uri, setting.language) or None,
        other_device=setting.other_device,
    )


def _items(
    asked: Question, names: tuple[str, ...], profile: Profile, ticked: frozenset[str]
) -> tuple[ConsentItem, ...]:
    needed = {*asked.required, *asked.required_sensitive}
    # where it is required, a sentence of its own tells of access while away; where it is optional, it has a box
    shown = (name for name in names if name != _OFFLINE or name not in needed)
    return tuple(_item(name, profile, name in needed, name in ticked) for name in shown)


def _worded(items: tuple[ConsentItem, ...], party: RelyingParty, language: str) -> tuple[ConsentItem, ...]:
    return tuple(worded(item, party, language) for item in items)


def worded(item: ConsentItem, party: RelyingParty, language: str) -> ConsentItem:
    """The item with the words of another service, if it is about one."""
    deed = party.deeds.get(item.name)
    if deed is None:
        return item
    title, place = in_language(deed.title, language), in_language(deed.place, language)
    return replace(item, title=title, place=place, record=deed.record)


def _item(name: str, profile: Profile, required: bool, ticked: bool) -> ConsentItem:
    if name not in _VALUES:
        return ConsentItem(name, "", required, ticked)
    value = _VALUES[name](profile)
    return ConsentItem(name, _SHOWN.get(name, _whole)(value) if value else "", required, ticked, held=bool(value))
