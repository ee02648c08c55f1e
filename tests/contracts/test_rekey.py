"""Changing the master key while the service runs: all stays found and readable, and ends up under the new key."""

import dataclasses
import threading

import pytest

from idp.citizens.registry import Citizens, NewCitizen, NumberTaken
from idp.running.rekey import Rekeying
from idp.storage.records.keys import StoredKey
from idp.storage.records.records import Records
from idp.vault import Unsealable, Vault
from idp.vault.contexts import secret_context, signing_key_context
from idp.vault.master_keys import MasterKeys
from tests.support.citizens import enrolment, number, phone
from tests.support.clock import FrozenClock
from tests.support.randomness import CountingRandomness

OLD = "old " + "A" * 43
NEW = "new " + "B" * 42 + "A"
COUNT = 1100


@pytest.fixture
def old(randomness: CountingRandomness) -> Vault:
    return Vault(MasterKeys.parse(OLD), randomness)


@pytest.fixture
def both(randomness: CountingRandomness) -> Vault:
    return Vault(MasterKeys.parse(f"{NEW}\n{OLD}"), randomness)


@pytest.fixture
def new(randomness: CountingRandomness) -> Vault:
    return Vault(MasterKeys.parse(NEW), randomness)


def registry(records: Records, vault: Vault) -> Citizens:
    return Citizens(records, vault, FrozenClock(), CountingRandomness(vault.current_kid))


def fill(records: Records, vault: Vault, count: int) -> list[str]:
    citizens = registry(records, vault)
    ids = [
        citizens.add(NewCitizen(name=f"公民{index}", number=number(index), totp_secret="JBSWY3DPEHPK3PXP")).id
        for index in range(count)
    ]
    first, following = (
        StoredKey(kid, "ES256", "next", vault.seal(b"private", signing_key_context(kid)), b"{}", at)
        for at, kid in enumerate(("k", "k2"))
    )
    records.keys.start("ES256", first, following, 1)
    records.secrets.get_or_create("pairwise", lambda: vault.seal(b"pairwise", secret_context("pairwise")))
    return ids


def test_all_is_done_anew_and_the_old_key_can_go(records: Records, old: Vault, both: Vault, new: Vault) -> None:
    ids = fill(records, old, COUNT)
    registry(records, old).correct_number(ids[0], number(COUNT))
    rekeying = Rekeying(records, both)
    total = COUNT * 3 + 2 + 2
    assert rekeying.left() == total
    steps = list(rekeying.run())
    assert (steps[0].done, steps[0].total) == (0, total)
    assert (steps[-1].done, steps[-1].total, steps[-1].failed) == (total, total, 0)
    assert len(steps) > 5
    assert rekeying.left() == 0
    assert Rekeying(records, new).unreadable() == 0
    after = registry(records, new)
    assert len(after.number_history(ids[0])) == 2
    for index, citizen_id in enumerate(ids[1:20], 1):
        account = after.for_sign_in("number", number(index))
        assert account is not None
        assert account.citizen.id == citizen_id
        assert account.citizen.profile.name == f"公民{index}"
        assert account.totp_secret == "JBSWY3DPEHPK3PXP"
    assert [new.open(key.sealed, signing_key_context(key.kid)) for key in records.keys.all()] == [b"private"] * 2
    assert new.open(records.secrets.get("pairwise") or b"", secret_context("pairwise")) == b"pairwise"


def test_a_second_run_finds_nothing_to_do(records: Records, old: Vault, both: Vault) -> None:
    fill(records, old, 3)
    list(Rekeying(records, both).run())
    before = records.sealed.counts()
    assert [(step.done, step.total) for step in Rekeying(records, both).run()] == [(0, 0)]
    assert records.sealed.counts() == before == {"new": 12}


def test_a_run_that_was_stopped_goes_on(records: Records, old: Vault, both: Vault) -> None:
    fill(records, old, COUNT)
    rekeying = Rekeying(records, both)
    run = rekeying.run()
    for _ in range(4):
        step = next(run)
    run.close()
    assert 0 < rekeying.left() == step.total - step.done
    assert list(rekeying.run())[-1].total == step.total - step.done
    assert rekeying.left() == 0


def test_citizens_are_found_changed_and_added_meanwhile(records: Records, old: Vault, both: Vault, new: Vault) -> None:
    """Some workers do not know yet that there is a new current key: they have loaded it, behind the old one."""
    ids = fill(records, old, COUNT)
    randomness = CountingRandomness("late")
    late = registry(records, Vault(MasterKeys.parse(f"{OLD}\n{NEW}"), randomness))
    stop = threading.Event()
    lost: list[int] = []
    changed: list[int] = []

    def serve() -> None:
        turn = 0
        while not stop.is_set():
            turn = (turn + 7) % COUNT
            found = late.by_number(number(turn))
            if found is None or found.id != ids[turn]:
                lost.append(turn)
                continue
            late.change_profile(ids[turn], lambda profile: dataclasses.replace(profile, email="a@example.cn"))
            changed.append(turn)
            with pytest.raises(NumberTaken):
                late.add(NewCitizen(name="重复", number=number(turn)))

    thread = threading.Thread(target=serve)
    thread.start()
    list(Rekeying(records, both).run())
    stop.set()
    thread.join()
    assert lost == []
    assert len(changed) > 3
    list(Rekeying(records, both).run())  # what the late worker sealed meanwhile
    assert Rekeying(records, both).left() == 0
    after = registry(records, new)
    for turn in changed:
        found = after.by_number(number(turn))
        assert found is not None
        assert found.profile.email == "a@example.cn"


def test_what_does_not_open_is_left_and_counted(records: Records, old: Vault, both: Vault) -> None:
    stranger = Vault(MasterKeys.parse(OLD.replace("old ", "lost ")), CountingRandomness("s"))
    fill(records, old, 3)
    records.citizens.add(enrolment(stranger, "ada", phone=phone(1)))
    rekeying = Rekeying(records, both)
    assert rekeying.unreadable() == 3
    assert list(rekeying.run())[-1].failed == 3
    assert rekeying.left() == rekeying.unreadable() == 3
    stored = records.citizens.by_id("ada")
    assert stored is not None
    assert stranger.open(stored.sealed, "profile:ada") == b"profile"
    with pytest.raises(Unsealable):
        both.open(stored.sealed, "profile:ada")


def test_two_that_turn_out_to_be_one_are_counted_and_neither_is_lost(
    records: Records, old: Vault, both: Vault, new: Vault
) -> None:
    """It takes a worker that did not know the old key; the second citizen stays under it until somebody decides."""
    first = registry(records, new).add(NewCitizen(name="甲", number=number(1)))
    unaware = registry(records, old)
    second = unaware.add(NewCitizen(name="乙", number=number(1)))
    unaware.add(NewCitizen(name="丙", number=number(2)))
    rekeying = Rekeying(records, both)
    assert list(rekeying.run())[-1].failed == 1
    assert rekeying.left() == 1
    assert registry(records, both).by_id(second.id) == second
    assert registry(records, new).by_number(number(1)) == first
    assert registry(records, new).by_number(number(2)) is not None
