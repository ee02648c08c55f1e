"""`idp check` names what is wrong, says what to do, and changes nothing."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from idp.clock import SystemClock
from idp.codec import encode
from idp.config import Settings, load_settings
from idp.oidc.jose.keys import EVERY, KeyRing
from idp.running import check
from idp.running.check import examine
from idp.running.check_saml import CERTIFICATE_DAYS
from idp.running.finding import NOTE, OK, WRONG, Finding
from idp.running.preparing import CANARY, prepare_directory
from idp.saml.keys import KINDS, SamlKeys
from idp.secrets import SystemRandomness
from idp.storage.open import open_state
from idp.storage.records.records import open_records
from idp.storage.records.upgrade import upgrade
from idp.vault import open_vault
from idp.vault.master_keys import MasterKeys, ensure_key_file, read_key_file
from idp.versions import Versions
from tests.support.assertions import JWKS
from tests.support.clock import FrozenClock
from tests.support.processes import free_port
from tests.support.redis_service import RedisServer


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"IDP_ISSUER": "http://localhost:8000", "IDP_DATA_DIR": str(tmp_path / "var")}


def deployed(environ: Mapping[str, str]) -> Settings:
    """A deployment after its first start."""
    settings, clock, randomness = load_settings(environ), SystemClock(), SystemRandomness()
    prepare_directory(settings, randomness, clock)
    state, records = open_state(settings.state_url, clock), open_records(settings.records_url)
    vault = open_vault(settings.master_key_file, randomness)
    KeyRing(records.keys, vault, clock, Versions(state, clock)).ensure()
    SamlKeys(records.keys, vault, clock, Versions(state, clock), settings.issuer).ensure()
    records.close()
    state.close()
    return settings


def wrong(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """With what to do, which every finding but the good has to say."""
    assert [each.finding for each in findings if each.level != OK and not each.what_to_do] == []
    return [(each.area, each.what_to_do) for each in findings if each.level == WRONG]


def test_a_deployment_in_order(environ: dict[str, str]) -> None:
    findings = examine(deployed(environ))
    assert wrong(findings) == []
    assert {"settings", "data directory", "clock", "state", "records", "master key", "keys"} == {
        each.area for each in findings if each.level == OK
    }


def test_every_finding_but_the_good_says_what_to_do(environ: dict[str, str]) -> None:
    """As it is asserted wherever `wrong` is asked; here of all that is noted before the first start."""
    findings = examine(load_settings(environ))
    assert [each.area for each in findings if each.level == NOTE and each.what_to_do] == [
        each.area for each in findings if each.level != OK
    ]
    assert {"settings", "data directory", "state", "records"} <= {each.area for each in findings if each.level == NOTE}


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(environ: dict[str, str]) -> None:
    settings = load_settings(environ)
    assert wrong(examine(settings)) == []
    assert not settings.data_dir.exists()


def test_a_data_directory_that_is_open_to_others(environ: dict[str, str]) -> None:
    settings = deployed(environ)
    settings.data_dir.chmod(0o755)
    assert wrong(examine(settings)) == [("data directory", f"run: chmod 700 {settings.data_dir}")]


def test_the_issuers_of_software_statements(environ: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "issuers.json"
    environ["IDP_SOFTWARE_STATEMENT_ISSUERS"] = str(file)
    file.write_text(encode({"https://software.example": JWKS}).decode())
    findings = examine(load_settings(environ))
    assert [each.finding for each in findings if each.area == "software statements"] == [
        "those of https://software.example are taken"
    ]
    file.write_text("{}x")
    assert [area for area, _ in wrong(examine(load_settings(environ)))] == ["software statements"]


def test_a_master_key_file_that_is_open_to_others(environ: dict[str, str]) -> None:
    settings = deployed(environ)
    sealed = open_vault(settings.master_key_file, SystemRandomness()).seal(b"x", CANARY)
    records = open_records(settings.records_url)
    records.secrets.get_or_create(CANARY, lambda: sealed)
    records.close()
    settings.master_key_file.chmod(0o644)
    ((area, todo),) = wrong(examine(settings))
    assert area == "master key"
    assert todo.startswith("put that right; ")  # how, stands in the finding


def test_a_master_key_that_was_lost(environ: dict[str, str]) -> None:
    settings = deployed(environ)
    settings.master_key_file.unlink()
    assert [area for area, _ in wrong(examine(settings))] == ["master key"]


def test_a_master_key_that_was_exchanged(environ: dict[str, str]) -> None:
    settings = deployed(environ)
    settings.master_key_file.unlink()
    ensure_key_file(settings.master_key_file, SystemRandomness(), 0)
    assert wrong(examine(settings)) == [
        ("master key", "add that key to the master key file, below the current one"),
        *[("keys", "bring back its master key")] * len((*EVERY, *KINDS)),
    ]


def test_values_under_an_older_master_key_are_a_note(environ: dict[str, str]) -> None:
    settings = deployed(environ)
    old = settings.master_key_file.read_text()
    settings.master_key_file.write_text(MasterKeys.generate(SystemRandomness(), 0) + old)
    assert len(read_key_file(settings.master_key_file).keys) == 2
    findings = examine(settings)
    assert wrong(findings) == []
    assert [each.level for each in findings if each.area == "master key"] == [NOTE]


def test_the_master_key_may_be_in_the_environment(environ: dict[str, str]) -> None:
    settings = deployed(environ)
    key = settings.master_key_file.read_text()
    settings.master_key_file.unlink()
    assert wrong(examine(load_settings({**environ, "IDP_MASTER_KEY": key}))) == []


def test_signing_keys_that_are_too_old(environ: dict[str, str]) -> None:
    findings = examine(deployed(environ), FrozenClock(time.time() + 181 * 86_400))
    assert wrong(findings) == [("keys", f"run `idp key rotate --alg {alg}`") for alg in sorted(EVERY)]


def test_stores_that_are_away(environ: dict[str, str]) -> None:
    stores = {
        "IDP_RECORDS_URL": f"postgresql+psycopg://idp:hidden@127.0.0.1:{free_port()}/idp",
        "IDP_STATE_URL": f"redis://:hidden@127.0.0.1:{free_port()}/0",
    }
    findings = examine(load_settings(environ | stores))
    assert [area for area, _ in wrong(findings)] == ["state", "records"]
    assert "hidden" not in str(findings)


def test_records_that_were_not_upgraded(environ: dict[str, str], postgres_url: str) -> None:
    findings = examine(load_settings({**environ, "IDP_RECORDS_URL": postgres_url}))
    assert wrong(findings) == [("records", "run `idp db upgrade`")]


def test_servers_in_order_and_their_clocks(environ: dict[str, str], postgres_url: str, redis_url: str) -> None:
    stores = {"IDP_RECORDS_URL": postgres_url, "IDP_STATE_URL": redis_url}
    settings = load_settings(environ | stores)
    settings.data_dir.mkdir(0o700)
    ensure_key_file(settings.master_key_file, SystemRandomness(), 0)

    upgrade(postgres_url)
    assert wrong(examine(settings)) == []
    ahead = examine(settings, FrozenClock(time.time() + 60))
    assert [each.finding for each in ahead if each.level == WRONG] == [
        "this machine and the state differ by 60 s",
        "this machine and the records differ by 60 s",
    ]


def test_redis_that_may_drop_what_it_holds(environ: dict[str, str], redis_server: RedisServer) -> None:
    redis_server.start()
    redis_server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        findings = examine(load_settings({**environ, "IDP_STATE_URL": redis_server.url}))
    finally:
        redis_server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert [each.finding for each in findings if each.level == WRONG] == [
        "Redis may drop what it holds (maxmemory-policy allkeys-lru)"
    ]


def test_redis_that_is_too_old(
    environ: dict[str, str], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis_server.start()
    monkeypatch.setattr(check, "REDIS_VERSION", (99, 0))
    ((area, todo),) = wrong(examine(load_settings({**environ, "IDP_STATE_URL": redis_server.url})))
    assert (area, todo) == ("state", "upgrade it to 7 or newer")


@pytest.mark.parametrize(("setting", "notes"), [("no", 1), ("yes", 0)])
def test_redis_that_forgets_at_a_restart_is_a_note(
    environ: dict[str, str], redis_server: RedisServer, setting: str, notes: int
) -> None:
    redis_server.start()
    redis_server.command("CONFIG", "SET", "appendonly", setting)
    try:
        findings = examine(load_settings({**environ, "IDP_STATE_URL": redis_server.url}))
    finally:
        redis_server.command("CONFIG", "SET", "appendonly", "no")
    told = [each for each in findings if "appendonly" in each.what_to_do]
    assert [each.level for each in told] == [NOTE] * notes


def test_a_cluster_tells_its_condition(environ: dict[str, str], redis_cluster_url: str) -> None:
    findings = examine(load_settings({**environ, "IDP_STATE_URL": redis_cluster_url}))
    assert wrong(findings) == []
    assert any(each.finding.startswith("Redis ") for each in findings)


def test_a_certificate_towards_service_providers_that_is_near_its_end(environ: dict[str, str]) -> None:
    settings = deployed(environ)
    later = FrozenClock(time.time() + (3650 - CERTIFICATE_DAYS + 1) * 86_400)
    told = [todo for area, todo in wrong(examine(settings, later)) if area == "keys" and "metadata" in todo]
    assert sorted(told) == [
        f"tell who keeps our metadata by hand, then run `idp key rotate --alg {kind}`" for kind in sorted(KINDS)
    ]
