"""Signing keys: of each algorithm one is active and one is next, whoever rotates at the same time."""

from collections import Counter

import pytest

from idp.storage.records.errors import NotFound
from idp.storage.records.keys import StoredKey
from idp.storage.records.records import Records
from idp.vault import Unsealable, Vault
from tests.support import records_worker
from tests.support.parallel import errors, in_processes, together


def key(vault: Vault, kid: str, alg: str = "ES256") -> StoredKey:
    return StoredKey(kid, alg, "next", vault.seal(kid.encode(), f"signing-key:{kid}"), b'{"kty":"EC"}', 100)


def states(records: Records, alg: str = "ES256") -> dict[str, str]:
    return {each.kid: each.state for each in records.keys.all() if each.alg == alg}


def test_what_was_never_started_is_not_rotated(records: Records, vault: Vault) -> None:
    with pytest.raises(NotFound):
        records.keys.rotate("ES256", key(vault, "one"), 1000)
    assert states(records) == {}


def test_rotation_activates_the_next_and_keeps_the_fresh_one_as_next(records: Records, vault: Vault) -> None:
    records.keys.start("ES256", key(vault, "one"), key(vault, "two"), 1000)
    assert states(records) == {"one": "active", "two": "next"}
    records.keys.rotate("ES256", key(vault, "three"), 2000)
    assert states(records) == {"one": "retired", "two": "active", "three": "next"}
    stored = {each.kid: each for each in records.keys.all()}
    assert (stored["one"].activated_at, stored["one"].retired_at) == (1000, 2000)
    assert (stored["two"].activated_at, stored["two"].retired_at) == (2000, None)
    assert (stored["three"].activated_at, stored["three"].retired_at) == (None, None)
    assert vault.open(stored["two"].sealed, "signing-key:two") == b"two"


def test_algorithms_do_not_touch_each_other(records: Records, vault: Vault) -> None:
    records.keys.start("ES256", key(vault, "e1"), key(vault, "e2"), 1)
    records.keys.start("RS256", key(vault, "r1", "RS256"), key(vault, "r2", "RS256"), 1)
    records.keys.rotate("RS256", key(vault, "r3", "RS256"), 2)
    assert states(records, "ES256") == {"e1": "active", "e2": "next"}
    assert states(records, "RS256") == {"r1": "retired", "r2": "active", "r3": "next"}


def test_only_keys_retired_long_ago_are_removed(records: Records, vault: Vault) -> None:
    records.keys.start("ES256", key(vault, "one"), key(vault, "two"), 1000)
    records.keys.rotate("ES256", key(vault, "three"), 2000)
    records.keys.rotate("ES256", key(vault, "four"), 3000)
    assert records.keys.remove_retired(("RS256",), 2001) == 0
    assert records.keys.remove_retired(("ES256",), 2001) == 1
    assert states(records) == {"two": "retired", "three": "active", "four": "next"}


def test_a_key_that_is_not_sealed_is_not_stored(records: Records, vault: Vault) -> None:
    with pytest.raises(Unsealable):
        records.keys.start("ES256", StoredKey("k", "ES256", "next", b"plain", b"{}", 1), key(vault, "two"), 1)
    assert states(records) == {}


def test_parallel_starts_give_one_pair(records: Records, vault: Vault) -> None:
    pairs = [(key(vault, f"a{number}"), key(vault, f"n{number}")) for number in range(6)]
    starts = [lambda pair=pair: records.keys.start("ES256", pair[0], pair[1], 1) for pair in pairs]
    assert errors(together(starts)) == []
    assert sorted(states(records).values()) == ["active", "next"]


def test_parallel_rotations_leave_one_active_key(records: Records, vault: Vault) -> None:
    records.keys.start("ES256", key(vault, "first"), key(vault, "second"), 1)
    fresh = [key(vault, f"k{number}") for number in range(8)]
    rotations = [lambda each=each: records.keys.rotate("ES256", each, 1) for each in fresh]
    assert errors(together(rotations)) == []
    assert Counter(states(records).values()) == {"active": 1, "next": 1, "retired": 8}


def test_processes_that_rotate_at_once_leave_one_active_key(records: Records, records_url: str, vault: Vault) -> None:
    records.keys.start("ES256", key(vault, "first"), key(vault, "second"), 1)
    in_processes(records_worker.rotate_keys, [(records_url, f"p{number}", 5) for number in range(3)])
    counts = in_processes(records_worker.key_states, [(records_url,)])
    assert counts == [{"active": 1, "next": 1, "retired": 15}]
