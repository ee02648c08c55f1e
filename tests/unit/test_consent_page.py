"""The consent page of one request: what of a citizen is shown as held, and what is ticked."""

from dataclasses import replace

import pytest

from idp.citizens.citizen import Citizen, Profile, Status
from idp.login.consent_page import Setting, consent_page
from idp.login.party import RelyingParty
from idp.login.transaction import Ask
from idp.oidc.scopes import CLAIMS, SCOPES, claims_of, values
from idp.pages import ClientView, ConsentItem

BARE = Profile(name="李静文")
FULL = Profile("李静文", "11010119900307001X", "+8615400000021", "a@example.cn", "1990-03-07", "male", "北京市")
PARTY = RelyingParty("1", {"": "社会保险"}, "si.example", {}, {}, {}, {}, "consent", "", ("email", "phone"))
SETTING = Setting("/consent", "token", ClientView("社会保险", "si.example"), "zh-CN")


def items(profile: Profile, *names: str, ticked: frozenset[str] = frozenset()) -> dict[str, ConsentItem]:
    page = consent_page(Ask("1", names), PARTY, profile, replace(SETTING, ticked=ticked))
    return {item.name: item for item in (*page.required, *page.optional, *page.sensitive)}


@pytest.mark.parametrize("name", [*SCOPES, *CLAIMS])
@pytest.mark.parametrize("profile", [BARE, FULL], ids=["bare", "full"])
def test_an_item_is_held_exactly_if_something_of_it_would_be_passed_on(profile: Profile, name: str) -> None:
    asked = items(profile, name)
    citizen = Citizen("1", Status.ACTIVE, profile, 1)
    known = name in ("openid", "offline_access") or bool(values(citizen, claims_of([name]) or [name]))
    assert [item.held for item in asked.values()] == [known] * len(asked)
    assert profile is FULL or not any(item.value_preview for item in asked.values() if not item.held)


def test_only_what_the_citizen_ticked_just_now_is_ticked() -> None:
    assert not any(item.ticked for item in items(FULL, "openid", "email", "phone", "citizen_id").values())
    again = items(FULL, "openid", "email", "phone", "citizen_id", ticked=frozenset({"phone", "openid"}))
    assert [name for name, item in again.items() if item.ticked] == ["phone"]


@pytest.mark.parametrize(
    ("phone", "shown"), [("+8615400000021", "+86 154****0021"), ("+2901234", "******34"), (None, "")]
)
def test_a_phone_is_shown_masked_however_short(phone: str | None, shown: str) -> None:
    item = items(replace(FULL, phone=phone), "phone")["phone"]
    assert (item.value_preview, item.held) == (shown, phone is not None)
