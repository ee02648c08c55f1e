"""`idp key`: signing keys, the master key, and re-keying."""

import os
import time
from pathlib import Path
from typing import Any

from idp.app import build_services
from idp.config import load_settings
from idp.oidc.jose.keys import EVERY
from idp.running.preparing import prepare_directory
from idp.saml.keys import KINDS
from idp.secrets import SystemRandomness
from idp.vault.master_keys import MasterKeys
from tests.support.clock import FrozenClock
from tests.support.shell import NUMBER, Idp


def test_rotation_activates_the_next_key_and_retires_the_active_one(idp: Idp) -> None:
    before = {(key["alg"], key["state"]): key["kid"] for key in idp("key", "rotate", "--alg", "EdDSA").json}
    assert {*before} - {("EdDSA", "retired")} == {
        (alg, state) for alg in (*EVERY, *KINDS) for state in ("next", "active")
    }
    after = {(key["alg"], key["state"]): key["kid"] for key in idp("key", "rotate", "--alg", "ES256").json}
    assert after["ES256", "active"] == before["ES256", "next"]
    assert after["ES256", "retired"] == before["ES256", "active"]
    assert after["RS256", "active"] == before["RS256", "active"]
    assert [each["alg"] for each in idp("audit", "search", "--event", "key:rotated").lines] == ["EdDSA", "ES256"]


def test_a_rotation_that_portals_could_not_foresee_is_done_and_said(idp: Idp) -> None:
    """Scripts rotate right after the installation, so it is no refusal."""
    at_once = idp("key", "rotate", "--alg", "ES256")
    assert (at_once.status, at_once.err.count("\n")) == (0, 1)
    assert at_once.err.startswith("ES256: what signs from now on was published less than a day ago")


def test_a_rotation_of_what_opens_takes_nobody_unawares(idp: Idp) -> None:
    """The retired key still opens what is encrypted to it."""
    assert idp("key", "rotate", "--alg", "RSA-OAEP-256").err == ""


def test_a_day_later_portals_know_the_next_key(idp: Idp) -> None:
    settings, yesterday = load_settings(os.environ), FrozenClock(time.time() - 86_401)
    prepare_directory(settings, SystemRandomness(), yesterday)
    services = build_services(settings, yesterday)
    services.ensure_keys()
    services.keys.rotate("ES256")
    services.close()
    rotated = idp("key", "rotate")
    assert (rotated.status, rotated.err) == (0, "")


def test_rekey_leaves_nothing_under_an_older_key(idp: Idp, citizen: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "var" / "master.key"
    file.write_text(idp("key", "master").out + file.read_text())
    done = idp("key", "rekey").json
    assert done["done"] > 0
    assert (done["failed"], done["left"]) == (0, 0)
    file.write_text(file.read_text().splitlines()[0] + "\n")
    assert idp("citizen", "show", NUMBER).json["name"] == "张三"


def test_a_new_master_key_is_a_line_that_can_be_put_into_the_file(idp: Idp, tmp_path: Path) -> None:
    first, second = (idp("key", "master") for _ in range(2))
    assert (first.status, first.err, first.out.count("\n")) == (0, "", 1)
    assert len(MasterKeys.parse(first.out + second.out).keys) == 2
    assert not (tmp_path / "var").exists()


def test_a_code_on_paper_outlives_the_master_key_it_was_made_under(idp: Idp, tmp_path: Path) -> None:
    """All that citizens and portals hold must stay good: recovery codes, and the subjects that portals know them by."""
    added = idp("citizen", "add", "--number", NUMBER, "--name", "张三", "--totp-secret", "JBSWY3DPEHPK3PXP").json
    file = tmp_path / "var" / "master.key"
    old = file.read_text()
    file.write_text(idp("key", "master").out + old)
    assert idp("key", "rekey").json["left"] == 0
    file.write_text(file.read_text().splitlines()[0] + "\n")
    assert old.split()[-1] not in file.read_text()
    services = build_services(load_settings(os.environ))
    try:
        services.recovery.use(added["id"], added["recovery_codes"][3])
    finally:
        services.close()
    assert idp("citizen", "show", NUMBER).json["recovery_codes"] == 9
