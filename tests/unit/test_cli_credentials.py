"""`idp citizen password`, `totp` and `recovery`: what the service counter does for a citizen who cannot sign in."""

import re
from typing import Any

import pytest

from idp.app import Services
from idp.citizens.registry import LoginAccount
from idp.cli.opened import actor, opened
from idp.login.recovery import WrongRecoveryCode
from tests.support.shell import NUMBER, PASSWORD, Idp

NEW = "Heron-lamp-73-dusk"
SECRET = "JBSWY3DPEHPK3PXP"


def account(services: Services) -> LoginAccount:
    found = services.citizens.for_sign_in("number", NUMBER)
    assert found is not None
    return found


def events(idp: Idp, kind: str) -> list[tuple[str, str]]:
    found = idp("audit", "search", "--event", kind, "--citizen", NUMBER).lines
    return [(each["citizen_id"], each["actor"]) for each in found]


def test_a_forgotten_password_is_replaced(idp: Idp, citizen: dict[str, Any]) -> None:
    ran = idp("citizen", "password", NUMBER, "--password-stdin", "--temporary", stdin=f"{NEW}\n")
    assert (ran.status, ran.err, ran.json) == (0, "", citizen | {"told": []})
    with opened() as services:
        has = account(services)
        assert has.must_change_password
        services.passwords.verify(NEW, has.password_hash)
    assert events(idp, "password:changed") == [(citizen["id"], actor())]
    assert NEW not in ran.out + idp("audit", "tail").out


def test_a_password_that_is_not_temporary_stays(idp: Idp, citizen: dict[str, Any]) -> None:
    assert idp("citizen", "password", citizen["id"], "--password-stdin", stdin=f"{NEW}\n").status == 0
    with opened() as services:
        assert not account(services).must_change_password


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("123456", "too short"),
        ("Qx19491231vb!", "something known"),
        (PASSWORD, "has, or had"),
        ("", "too short"),
    ],
)
def test_the_policy_holds_at_the_counter_too(idp: Idp, citizen: dict[str, Any], chosen: str, said: str) -> None:
    idp("citizen", "password", NUMBER, "--password-stdin", stdin=f"{chosen}\n").said(said)
    with opened() as services:
        services.passwords.verify(PASSWORD, account(services).password_hash)
    assert events(idp, "password:changed") == []


def test_former_passwords_do_not_come_back_where_the_policy_says_so(
    idp: Idp, citizen: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDP_PASSWORD_POLICY", "mlps3")
    assert idp("citizen", "password", NUMBER, "--password-stdin", stdin=f"{NEW}\n").status == 0
    idp("citizen", "password", NUMBER, "--password-stdin", stdin=f"{PASSWORD}\n").said("has, or had")


def test_a_password_is_never_an_argument(idp: Idp, citizen: dict[str, Any]) -> None:
    assert idp("citizen", "password", NUMBER).status == 2
    assert idp("citizen", "password", NUMBER, NEW).status == 2


def test_another_app_comes_with_other_recovery_codes(idp: Idp, citizen: dict[str, Any]) -> None:
    first = idp("citizen", "totp", NUMBER, "--secret", "-", stdin="GEZDGNBVGY3TQOJQ\n").json["recovery_codes"]
    ran = idp("citizen", "totp", NUMBER, "--secret", "-", stdin=f"{SECRET}\n")
    assert ran.status == 0
    assert SECRET not in ran.out
    assert len(set(first + ran.json["recovery_codes"])) == 20
    with opened() as services:
        has = account(services)
    assert (has.totp_secret, has.recovery_codes) == (SECRET, 10)
    assert events(idp, "totp:enrolled") == [(citizen["id"], actor())] * 2


def test_the_secret_may_be_given_in_the_command(idp: Idp, citizen: dict[str, Any]) -> None:
    assert len(idp("citizen", "totp", NUMBER, "--secret", SECRET).json["recovery_codes"]) == 10


def test_a_table_has_a_recovery_code_a_line(idp: Idp, citizen: dict[str, Any]) -> None:
    shown = idp("citizen", "totp", NUMBER, "--secret", SECRET, "--table").out
    shown += idp("citizen", "recovery", NUMBER, "--table").out
    assert len(re.findall(r"^(?:recovery_codes)? +([0-9a-z]{4}(?:-[0-9a-z]{4}){2})$", shown, re.MULTILINE)) == 20


def test_with_the_app_go_its_recovery_codes(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("citizen", "totp", NUMBER, "--secret", "-", stdin=f"{SECRET}\n")
    assert idp("citizen", "totp", NUMBER, "--remove").json == citizen
    shown = idp("citizen", "show", NUMBER).json
    assert (shown["totp"], shown["recovery_codes"], shown["password"]) == (False, 0, True)
    assert events(idp, "totp:removed") == [(citizen["id"], actor())]


@pytest.mark.parametrize("arguments", [(), ("--remove", "--secret", "-"), ("--secret",), ("--secret-stdin",)])
def test_an_app_is_given_or_removed(idp: Idp, citizen: dict[str, Any], arguments: tuple[str, ...]) -> None:
    assert idp("citizen", "totp", NUMBER, *arguments).status == 2


def test_an_unusable_secret_changes_nothing(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("citizen", "totp", NUMBER, "--secret", "-", stdin="??\n").said("TOTP secret is not")
    assert events(idp, "totp:enrolled") == []


def test_new_recovery_codes_end_those_before(idp: Idp, citizen: dict[str, Any]) -> None:
    old = idp("citizen", "totp", NUMBER, "--secret", "-", stdin=f"{SECRET}\n").json["recovery_codes"]
    new = idp("citizen", "recovery", NUMBER).json["recovery_codes"]
    assert len(set(old + new)) == 20
    with opened() as services:
        services.recovery.use(citizen["id"], new[0])
        with pytest.raises(WrongRecoveryCode):
            services.recovery.use(citizen["id"], old[0])
    assert events(idp, "recovery:renewed") == [(citizen["id"], actor())]


def test_recovery_codes_stand_in_for_an_app(idp: Idp, citizen: dict[str, Any]) -> None:
    idp("citizen", "recovery", NUMBER).said("no authenticator app")


def test_add_says_who_cannot_sign_in_yet(idp: Idp) -> None:
    added = idp("citizen", "add", "--number", NUMBER, "--name", "张三")
    assert added.status == 0
    assert "without a password nobody signs in" in added.err
