"""I. A proof waits for its next step: it is worth nothing once what was proven is no longer so."""

from functools import partial

import pytest

from tests.support.cookies import cookie
from tests.support.interposed import Interposed
from tests.support.provider import PASSWORD, Provider, Visitor
from tests.support.totp import totp_now

OWN = "kumquat-zeppelin-9-orchard"
EVIL = "marmalade-Glacier-77-tundra"


def renew(visitor: Visitor, page: object, new: str) -> str:
    """Choose a password on the page; the path of where that led."""
    answer = visitor.submit(page, "new_password", new_password=new, new_password_again=new)  # type: ignore[arg-type]
    return str(answer.request.path)


@pytest.mark.parametrize("seconds", [0, 1200], ids=["within one second", "later"])
def test_i_stale_proof_of_a_handed_out_password_does_not_replace_the_owners(provider: Provider, seconds: int) -> None:
    """Whoever handed it out knows it, and waits at the page for the new one until the owner has been there."""
    person, client = provider.citizen(must_change_password=True), provider.client()
    attacker, owner = provider.visitor("198.51.100.7"), provider.visitor()
    waiting = attacker.password(attacker.authorize(client), person)
    assert waiting.request.path == "/login/new-password"
    provider.clock.advance(seconds)
    assert renew(owner, owner.password(owner.authorize(client), person), OWN) == "/consent"
    assert renew(attacker, waiting, EVIL) == "/login"
    assert cookie(attacker) is None
    assert attacker.password(attacker.authorize(client), person, EVIL).status_code == 401
    assert owner.password(owner.authorize(client, prompt="login"), person, OWN).request.path == "/consent"


def test_i_stale_proof_loses_against_an_owner_who_is_quicker_by_a_moment(provider: Provider) -> None:
    """The owner's password is stored while the attacker's is still being hashed."""
    person, client = provider.citizen(must_change_password=True), provider.client()
    slow, honest = Interposed(provider.services.passwords), provider.services
    attacker = provider.with_services(passwords=slow).visitor("198.51.100.7")
    waiting = attacker.password(attacker.authorize(client), person)
    owners = honest.passwords.hash(OWN)
    slow.after["hash"] = partial(honest.citizens.set_password_hash, person.citizen.id, owners)
    assert renew(attacker, waiting, EVIL) == "/login"
    assert slow.after == {}
    visitor = provider.visitor()
    assert visitor.password(visitor.authorize(client), person, OWN).request.path == "/consent"


def test_i_stale_proof_at_the_code_step(provider: Provider) -> None:
    """The old password was proven, then changed; a code does not complete it any more."""
    person, client, visitor = provider.citizen(totp=True), provider.client(), provider.visitor()
    waiting = visitor.password(visitor.authorize(client), person)
    provider.clock.advance(60)
    provider.services.citizens.set_password_hash(person.citizen.id, provider.services.passwords.hash(OWN))
    answer = visitor.submit(waiting, "otp", otp=totp_now(provider, person))
    assert answer.request.path == "/login"
    assert cookie(visitor) is None
    page = visitor.password(answer, person, OWN)
    provider.clock.advance(60)
    assert visitor.submit(page, "otp", otp=totp_now(provider, person)).request.path == "/consent"


def test_i_a_better_hash_of_the_same_password_leaves_its_proof_as_it_is(provider: Provider) -> None:
    person, client, visitor = provider.citizen(totp=True), provider.client(), provider.visitor()
    waiting = visitor.password(visitor.authorize(client), person)
    account = provider.services.citizens.account(person.citizen.id)
    assert account is not None
    assert account.password_hash is not None
    better = provider.services.passwords.hash(PASSWORD)
    provider.services.citizens.upgrade_password_hash(person.citizen.id, account.password_hash, better)
    assert visitor.submit(waiting, "otp", otp=totp_now(provider, person)).request.path == "/consent"
