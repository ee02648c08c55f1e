"""The vault: what is sealed opens only whole, only in its context and only under its key."""

import stat
import threading
from pathlib import Path

import pytest

from idp.secrets import SystemRandomness
from idp.vault import Unsealable, Vault, kid_of, kid_of_fingerprint, open_vault
from idp.vault.master_keys import BadMasterKeys, MasterKeys, ensure_key_file, read_key_file
from tests.support.parallel import errors, together
from tests.support.randomness import CountingRandomness

OLD = "old " + "A" * 43
NEW = "new " + "B" * 42 + "A"


@pytest.fixture
def vault(randomness: CountingRandomness) -> Vault:
    return Vault(MasterKeys.parse(OLD), randomness)


@pytest.fixture
def changed_vault(randomness: CountingRandomness) -> Vault:
    return Vault(MasterKeys.parse(f"{NEW}\n{OLD}"), randomness)


@pytest.mark.parametrize("plain", [b"", b"x", "王小明".encode(), bytes(100_000)])
def test_what_is_sealed_opens(vault: Vault, plain: bytes) -> None:
    assert vault.open(vault.seal(plain, "a:1"), "a:1") == plain


def test_equal_values_are_sealed_to_different_bytes(vault: Vault) -> None:
    assert vault.seal(b"same", "a") != vault.seal(b"same", "a")


def test_another_context_does_not_open(vault: Vault) -> None:
    with pytest.raises(Unsealable):
        vault.open(vault.seal(b"secret", "totp:one"), "totp:other")


def test_every_single_changed_byte_is_seen(vault: Vault) -> None:
    sealed = vault.seal(b"secret", "a")
    for position in range(len(sealed)):
        altered = bytearray(sealed)
        altered[position] ^= 1
        with pytest.raises(Unsealable):
            vault.open(bytes(altered), "a")


def test_every_shortening_is_seen(vault: Vault) -> None:
    sealed = vault.seal(b"secret", "a")
    for length in range(len(sealed)):
        with pytest.raises(Unsealable):
            vault.open(sealed[:length], "a")


def test_a_key_of_the_same_name_with_other_bytes_does_not_open(vault: Vault, randomness: CountingRandomness) -> None:
    impostor = Vault(MasterKeys.parse(NEW.replace("new", "old")), randomness)
    with pytest.raises(Unsealable):
        impostor.open(vault.seal(b"secret", "a"), "a")


def test_the_header_cannot_be_moved_to_another_key(changed_vault: Vault, vault: Vault) -> None:
    sealed = vault.seal(b"secret", "a")
    with pytest.raises(Unsealable):
        changed_vault.open(sealed.replace(b"old", b"new", 1), "a")


def test_older_keys_still_open(vault: Vault, changed_vault: Vault) -> None:
    sealed = vault.seal(b"secret", "a")
    assert changed_vault.open(sealed, "a") == b"secret"
    assert kid_of(sealed) == "old"
    assert kid_of(changed_vault.seal(b"secret", "a")) == "new"
    assert changed_vault.kids == ("new", "old")
    assert changed_vault.current_kid == "new"


def test_a_key_that_is_not_loaded_is_named_as_the_reason(vault: Vault, changed_vault: Vault) -> None:
    with pytest.raises(Unsealable, match="not loaded"):
        vault.open(changed_vault.seal(b"secret", "a"), "a")


def test_fingerprints_are_stable_and_keyed(vault: Vault, changed_vault: Vault) -> None:
    stored = vault.fingerprint("number", "110000199001010013")
    assert stored == vault.fingerprint("number", "110000199001010013")
    assert kid_of_fingerprint(stored) == "old"
    assert changed_vault.fingerprint("number", "110000199001010013") != stored
    assert changed_vault.fingerprints("number", "110000199001010013")[1] == stored
    assert len(stored) == len("old:") + 64


def test_kind_and_value_are_kept_apart(vault: Vault) -> None:
    values = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""), ("1:a", ""), ("", "1:a")]
    assert len({vault.fingerprint(kind, value) for kind, value in values}) == len(values)


def test_sealing_and_fingerprints_have_keys_of_their_own(vault: Vault) -> None:
    import hashlib
    import hmac

    from_master = hmac.new(bytes(32), b"6:number:1", hashlib.sha256).hexdigest()
    assert vault.fingerprint("number", "1") != f"old:{from_master}"


def test_many_threads_share_one_vault() -> None:
    vault = Vault(MasterKeys.parse(OLD), SystemRandomness())

    def work() -> None:
        for turn in range(300):
            plain = f"{threading.get_ident()} {turn}".encode()
            assert vault.open(vault.seal(plain, "a"), "a") == plain
            assert vault.fingerprint("k", "v") == expected

    expected = vault.fingerprint("k", "v")
    assert errors(together([work] * 6)) == []


# -- the key file ----------------------------------------------------------------------------------------------------


def test_a_changed_file_is_taken_up_without_restart(tmp_path: Path, randomness: CountingRandomness) -> None:
    path = tmp_path / "master.key"
    _write(path, OLD)
    vault = open_vault(path, randomness)
    sealed = vault.seal(b"secret", "a")
    _write(path, f"{NEW}\n{OLD}\n")
    vault.reload()
    assert vault.current_kid == "new"
    assert vault.open(sealed, "a") == b"secret"


def test_a_spoilt_file_leaves_the_keys_as_they_are(tmp_path: Path, randomness: CountingRandomness) -> None:
    path = tmp_path / "master.key"
    _write(path, OLD)
    vault = open_vault(path, randomness)
    _write(path, "nonsense")
    with pytest.raises(BadMasterKeys):
        vault.reload()
    assert vault.kids == ("old",)


def test_a_vault_without_a_file_keeps_its_keys(vault: Vault) -> None:
    vault.reload()
    assert vault.kids == ("old",)


def test_a_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "var" / "master.key"
    outcomes = together([lambda: ensure_key_file(path, SystemRandomness(), 1_800_000_000.0)] * 8)
    assert errors(outcomes) == []
    made = path.read_text()
    ensure_key_file(path, SystemRandomness(), 1_800_000_000.0)
    assert path.read_text() == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]
    ((kid, key),) = read_key_file(path).keys
    assert kid.startswith("k20270115-")
    assert len(key) == 32


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o601, 0o620, 0o666, 0o602, 0o700 | 0o050])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    _write(path, OLD)
    path.chmod(mode)
    with pytest.raises(BadMasterKeys, match="chmod 600"):
        read_key_file(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadMasterKeys, match="is not there; for a new deployment"):
        read_key_file(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no key"),
        ("# nothing\n\n", "no key"),
        ("onlykid", "line 1"),
        (f"{OLD}\nKid {'A' * 43}", "line 2"),
        (f"{OLD} more", "line 1"),
        ("a " + "!" * 43, "not base64url"),
        ("a " + "A" * 42 + "+", "not base64url"),
        ("a " + "A" * 42, "31 bytes"),
        ("a " + "A" * 44, "33 bytes"),
        (f"{OLD}\n{OLD}", "same key id"),
        ("k" * 33 + " " + "A" * 43, "line 1"),
    ],
)
def test_malformed_keys_are_refused_and_not_quoted(text: str, message: str) -> None:
    with pytest.raises(BadMasterKeys, match=message) as caught:
        MasterKeys.parse(text)
    assert "AAAA" not in str(caught.value)


def test_keys_do_not_print() -> None:
    keys = MasterKeys.parse(f"{OLD} # the first\n")
    assert repr(keys) == "MasterKeys()"


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)
