"""The recorder lets words and identifiers of ours through, and refuses whatever could be a secret or personal data."""

import json
import re
from pathlib import Path

import pytest

import idp
from idp.audit import recorder
from idp.audit.events import EventType
from idp.audit.recorder import UnsafeEvent
from idp.secrets import SystemRandomness, digest, mint

AT = 1_700_000_000.12345
NUMBER = "11010519491231002X"


def test_an_event_carries_type_time_and_facts() -> None:
    made = recorder.event(
        EventType.TOKEN_ISSUED,
        AT,
        client_id="portal-a",
        citizen_id="0123456789abcdef0123456789abcdef",
        scopes=("openid",),
    )
    assert json.loads(made) == {
        "type": "token:issued",
        "at": 1_700_000_000.123,
        "client_id": "portal-a",
        "citizen_id": "0123456789abcdef0123456789abcdef",
        "scopes": ["openid"],
    }


def test_a_fact_of_none_is_left_out() -> None:
    assert json.loads(recorder.event(EventType.LOGIN_FAILURE, AT, citizen_id=None, reason="unknown_name")) == {
        "type": "login:failure",
        "at": 1_700_000_000.123,
        "reason": "unknown_name",
    }


GOOD = [
    {"source": "203.0.113.254"},
    {"source": "110.105.194.191"},
    {"source": "2001:db8:1234:5678:9abc:def0:1234:5678"},
    {"acr": "urn:citizen-idp:aal:2", "amr": ("pwd", "otp")},
    {"claims": ("citizen_id_number", "phone_number_verified")},
    {"endpoint": "/.well-known/openid-configuration", "status": 404},
    {"exception": "sqlalchemy.exc.OperationalError", "reference": "7KQ2-M4XD"},
    {"kid": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "alg": "ES256"},
    {"citizen_id": "12345678901234567890123456789012"},
    {"session": digest("a session")},
    {"count": 1_000_000},
]


@pytest.mark.parametrize("facts", GOOD)
def test_words_and_identifiers_pass(facts: dict[str, recorder.Fact]) -> None:
    kept = json.loads(recorder.event(EventType.SSO_GRANTED, AT, **facts))
    for name, value in facts.items():
        assert kept[name] == (list(value) if isinstance(value, tuple) else value)


SECRET_OR_PERSONAL = {
    "a citizen number": NUMBER,
    "one with a small x": NUMBER.lower(),
    "one inside a word": f"number_{NUMBER}_refused",
    "one in groups": "110105-19491231-002X",
    "an old number of 15 digits": "110105491231002",
    "a permanent residence number of 2017": "CHN110105491231",
    "full-width digits": "１１０１０５１９４９１２３１００２Ｘ",
    "a telephone number": "13800138000",
    "one with its country": "+8613800138000",
    "one in groups of four": "138-0013-8000",
    "an e-mail address": "someone@example.cn",
    "a name": "张三",
    "a name in Latin letters": "Zhang San",
    "an address": "1 Example Road, Beijing",
    "a handle": mint(SystemRandomness(), "3"),
    "the random part of a handle": mint(SystemRandomness(), "3")[1:],
    "a handle in a URL": f"/cb/{mint(SystemRandomness(), 'a')}",
    "a JWT": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    "a short JWT header": "eyJhbGciOiJub25lIn0",
    "a digest": digest("a handle"),
    "a password of signs": "Corr3ct!horse",
    "a query": "code=abc&state=def",
    "a line break": "a\nb",
    "a quote": 'a"b',
    "a NUL": "a\x00b",
}


@pytest.mark.parametrize("value", SECRET_OR_PERSONAL.values(), ids=SECRET_OR_PERSONAL.keys())
def test_secrets_and_personal_data_are_refused_in_any_word(value: str) -> None:
    for facts in ({"reason": value}, {"scopes": ("openid", value)}, {"source": value}):
        with pytest.raises(UnsafeEvent) as refusal:
            recorder.event(EventType.LOGIN_FAILURE, AT, **facts)
        assert value not in str(refusal.value)


@pytest.mark.parametrize("name", ["citizen_id", "client_id", "kid", "session", "family"])
@pytest.mark.parametrize(
    "value", [NUMBER, "110105491231002", "13800138000", "someone@example.cn", "张三", mint(SystemRandomness(), "3"), ""]
)
def test_an_identifier_has_its_own_shape(name: str, value: str) -> None:
    with pytest.raises(UnsafeEvent):
        recorder.event(EventType.LOGIN_FAILURE, AT, **{name: value})


def test_identifiers_are_text() -> None:
    with pytest.raises(UnsafeEvent):
        recorder.event(EventType.LOGIN_FAILURE, AT, client_id=("portal-a",))


@pytest.mark.parametrize(
    "name", ["password", "username", "phone", "name", "token", "code", "number", "user_agent", "remark"]
)
def test_only_declared_facts(name: str) -> None:
    with pytest.raises(UnsafeEvent):
        recorder.event(EventType.LOGIN_FAILURE, AT, **{name: "x"})


def test_numbers_as_long_as_a_telephone_number_are_refused() -> None:
    with pytest.raises(UnsafeEvent):
        recorder.event(EventType.LOGIN_FAILURE, AT, count=13800138000)


def test_facts_are_bounded() -> None:
    with pytest.raises(UnsafeEvent):
        recorder.event(EventType.LOGIN_FAILURE, AT, scopes=tuple(f"scope{n}" for n in range(500)))


def test_a_note_is_held_to_the_same_rules() -> None:
    assert json.loads(recorder.note(citizen_id="a" * 26)) == {"citizen_id": "a" * 26}
    with pytest.raises(UnsafeEvent):
        recorder.note(reason=NUMBER)


def test_every_type_says_what_and_what_happened() -> None:
    assert all(len(kind.value.split(":")) == 2 for kind in EventType)


def test_every_kind_of_event_is_told_somewhere() -> None:
    """A name that nobody tells is a promise to whoever searches the trail for it."""
    code = "".join(path.read_text() for path in Path(idp.__path__[0]).rglob("*.py"))
    assert [kind.name for kind in EventType if not re.search(rf"EventType\.{kind.name}\b", code)] == []


def test_no_address_of_anybody_is_remembered() -> None:
    """What is remembered outlives the request; scopes may, who came from where may not."""
    recorder.event(EventType.SSO_GRANTED, AT, source="203.0.113.7", scopes=("openid",))
    before = recorder._prove_remembered.cache_info()
    for last in range(20):
        recorder.event(EventType.SSO_GRANTED, AT, source=f"203.0.113.{last}", scopes=("openid",))
    after = recorder._prove_remembered.cache_info()
    assert (after.currsize, after.misses) == (before.currsize, before.misses)


@pytest.mark.parametrize("source", ["bad value", "x" * 60, "1" * 20, "a@b"])
def test_a_source_is_proved_like_any_word(source: str) -> None:
    with pytest.raises(UnsafeEvent):
        recorder.event(EventType.SSO_GRANTED, AT, source=source, scopes=("openid",))
