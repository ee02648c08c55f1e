"""The operator's verbs beside a running service: what they change is so at once, and sign-ins go on."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from idp.app import build_services
from idp.oidc.jose.keys import ALGORITHMS
from idp.vault import MasterKeys
from tests.support.citizens import number
from tests.support.load import Load, Watching
from tests.support.processes import wait_until
from tests.support.provider import TOTP_SECRET, Person, settings_for
from tests.support.randomness import CountingRandomness
from tests.support.serving import Served, environment, run, served

PASSWORD = "Zebra-kettle-41-moss"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("operating")) as server:
        yield server


def idp(running: Served, *arguments: str | Path, stdin: str = "") -> Any:
    done = run(running.environment, *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def add(running: Served, index: int, *more: str) -> tuple[Person, dict[str, Any]]:
    """A citizen, by the command line."""
    his = number(index)
    added = idp(
        *(running, "citizen", "add", "--number", his, "--name", "李静文", "--password-stdin", *more),
        stdin=f"{PASSWORD}\n",
    )
    citizen = running.provider.services.citizens.by_id(added["id"])
    assert citizen
    return Person(citizen, his, "", PASSWORD), added


def test_a_citizen_added_by_the_operator_signs_in_and_is_out_at_once_when_suspended(running: Served) -> None:
    person, _ = add(running, 9001)
    client, visitor = running.provider.client(), running.provider.visitor()
    visitor.arrive(client, person)
    token = running.provider.token(client, client.exchange(visitor.hop(client)["code"])).json["access_token"]
    suspended = idp(running, "citizen", "suspend", person.number)
    assert (suspended["status"], suspended["told"]) == ("suspended", [{"client_id": client.id, "confirmed": False}])
    assert "username" in visitor.authorize(client).text
    assert running.provider.userinfo(token).status_code == 401
    assert idp(running, "citizen", "resume", person.number)["status"] == "active"
    assert visitor.arrive(client, person)["code"]
    assert running.provider.userinfo(token).status_code == 401


def test_a_client_added_by_the_operator_works_and_is_refused_when_disabled(running: Served) -> None:
    metadata = {"redirect_uris": ["https://portal.example/callback"], "client_name": "Portal"}
    client_id = idp(running, "client", "add", "-", stdin=json.dumps(metadata))["client_id"]
    target = (
        f"/authorize?response_type=code&client_id={client_id}&redirect_uri=https%3A%2F%2Fportal.example%2Fcallback"
        "&scope=openid&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    )
    wait_until(lambda: running.get(target).status == 303, running.process, seconds=5)
    idp(running, "client", "disable", client_id)
    wait_until(lambda: running.get(target).status == 400, running.process, seconds=5)
    idp(running, "client", "enable", client_id)
    wait_until(lambda: running.get(target).status == 303, running.process, seconds=5)


def test_what_a_citizen_did_is_in_the_trail_a_moment_later(running: Served) -> None:
    person, _ = add(running, 9002)
    running.provider.visitor("203.0.113.20").arrive(running.provider.client(), person)
    done = run(running.environment, "audit", "search", "--citizen", person.number)
    told = [json.loads(line)["type"] for line in done.stdout.splitlines()]
    assert told[:2] == ["citizen:added", "session:opened"]
    assert {"login:success", "consent:granted"} <= set(told)
    assert person.number not in done.stdout


def test_check_finds_nothing_wrong_with_a_running_service(running: Served) -> None:
    findings = idp(running, "check")
    assert not [each for each in findings if each["level"] == "wrong"]
    assert {each["area"] for each in findings} >= {
        "settings",
        "clock",
        "state",
        "records",
        "master key",
        "keys",
    }


# -- changing the master key and the signing keys under load


@pytest.mark.slow
def test_keys_are_changed_while_sign_ins_go_on(tmp_path: Path) -> None:
    with served(tmp_path) as running:
        people = [running.provider.citizen() for _ in range(2)]
        paper, added = add(running, 9003, "--totp-secret", TOTP_SECRET)
        load = Load(running, people, running.provider.client(), Watching(running.proxy.port), pause=0.3)
        load.start()
        try:
            _change_the_master_key(running, tmp_path / "master.key", load)
            kids = {key["kid"] for key in running.get("/jwks").json["keys"]}
            rotated = idp(running, "key", "rotate")
            assert {key["alg"] for key in rotated if key["kid"] not in kids} >= set(ALGORITHMS)
            _goes_on(running, load)
        finally:
            load.stop()
        assert not load.wrong, load.wrong
        assert {seen.status for seen in load.watching.seen} <= {200, 303}
        assert _arrives_by_recovery_code(running, paper, added["recovery_codes"][0])


def _change_the_master_key(running: Served, file: Path, load: Load) -> None:
    """As docs/operating.md says."""
    old = file.read_text()
    new = run(running.environment, "key", "master").stdout
    file.write_text(old + new)
    assert idp(running, "key", "rekey")["done"] == 0
    _goes_on(running, load)
    file.write_text(new + old)
    done = idp(running, "key", "rekey")
    assert done["done"] > 10
    assert (done["failed"], done["left"]) == (0, 0)
    _goes_on(running, load)
    file.write_text(new)
    done = idp(running, "key", "rekey")
    assert (done["done"], done["failed"], done["left"]) == (0, 0, 0)
    _goes_on(running, load)


def _goes_on(running: Served, load: Load) -> None:
    """The second of each began after we asked."""
    hops, arrivals = len(load.hops), len(load.arrivals)
    wait_until(lambda: len(load.hops) > hops + 2 and len(load.arrivals) > arrivals + 1, running.process)


def _arrives_by_recovery_code(running: Served, person: Person, code: str) -> bool:
    client, visitor = running.provider.client(), running.provider.visitor("203.0.113.21")
    page = visitor.password(visitor.authorize(client), person)
    link = re.search(r'href="(/login/recovery[^"]+)"', page.text)
    assert link
    arrived = visitor.submit(visitor.get(link[1].replace("&amp;", "&")), "recovery_code", recovery_code=code)
    return "decision" in arrived.text or arrived.status_code == 303


# -- importing


@pytest.mark.slow
def test_an_import_that_was_killed_goes_on_and_loses_nobody(tmp_path: Path) -> None:
    environ, file = environment(tmp_path), tmp_path / "people.jsonl"
    count, bad = 4_000, {17, 2_000, 3_999}
    with file.open("w") as lines:
        for index in range(count):
            row = {"number": "110000195001010010" if index in bad else number(index), "name": f"公民{index}"}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    for some in (1, 1_001):
        _import_until(environ, file, tmp_path / "records.db", some)
    done = run(environ, "citizen", "import", file)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert (told["lines"], told["added"] + told["already"], told["refused"]) == (count, count - 3, 3)
    assert told["already"] >= 1_000
    refused = [json.loads(line) for line in Path(f"{file}.refused.jsonl").read_text().splitlines()]
    assert sorted(each["line"] for each in refused) == sorted(index + 1 for index in bad)
    assert all("110***********0010" in json.dumps(each) and each["reason"] for each in refused)
    services = build_services(settings_for(tmp_path))
    assert [services.citizens.by_number(number(index)) is None for index in range(count)] == [
        index in bad for index in range(count)
    ]
    services.close()


def _import_until(environ: dict[str, str], file: Path, records: Path, count: int) -> None:
    """Begin an import and kill it as soon as so many citizens are there."""
    with subprocess.Popen([sys.executable, "-m", "idp.cli", "citizen", "import", str(file)], env=environ) as process:
        while _citizens(records) < count:
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -signal.SIGKILL


def _citizens(records: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{records}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM citizens").fetchone()[0])
    except sqlite3.OperationalError:  # no file, or no table yet
        return 0


# -- wrong settings, each one line with what to do


@pytest.mark.parametrize(
    ("variables", "arguments", "said"),
    [
        ({"IDP_ISSUER": ""}, ["serve"], "IDP_ISSUER is missing: set it to"),
        ({"IDP_ISSUER": "http://id.example"}, ["serve"], "IDP_ISSUER must begin with https://"),
        ({"IDP_ISUER": "x"}, ["serve"], "did you mean IDP_ISSUER?"),
        ({"IDP_STATE_URL": "redis://127.0.0.1:1/0"}, ["serve"], "check IDP_STATE_URL"),
        ({"IDP_RECORDS_URL": "postgresql+psycopg://idp@127.0.0.1:1/idp"}, ["serve"], "check IDP_RECORDS_URL"),
        ({"IDP_MASTER_KEY": "not a key at all"}, ["serve"], "master key: line 1"),
        ({}, ["serve", "--host", "192.0.2.77"], "choose another"),
        ({}, ["serve", "--tls-cert", "/etc/hostname", "--tls-key", "/etc/hostname"], "certificate"),
    ],
)
def test_what_keeps_it_from_serving_is_one_line_with_what_to_do(
    tmp_path: Path, variables: dict[str, str], arguments: list[str], said: str
) -> None:
    done = run(environment(tmp_path, **variables), *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_port_in_use_is_one_line(running: Served, tmp_path: Path) -> None:
    done = run(environment(tmp_path), "serve", "--port", str(running.proxy.port))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "choose another" in done.stderr


def test_tables_of_another_release_are_one_line(tmp_path: Path, postgres_url: str) -> None:
    environ = environment(
        tmp_path, IDP_RECORDS_URL=postgres_url, IDP_MASTER_KEY=MasterKeys.generate(CountingRandomness(), 0)
    )
    for arguments in (["serve"], ["client", "list"]):
        done = run(environ, *arguments)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "idp db upgrade" in done.stderr
    assert json.loads(run(environ, "db", "upgrade").stdout) == {"records": "upgraded"}
    assert run(environ, "client", "list").stdout == "[]\n"


def test_a_deployment_without_its_master_key_is_one_line(tmp_path: Path, postgres_url: str) -> None:
    environ = environment(tmp_path, IDP_RECORDS_URL=postgres_url)
    run(environ, "db", "upgrade")
    began = time.monotonic()
    done = run(environ, "serve")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("master key: ")
    assert not (tmp_path / "master.key").exists()
    assert time.monotonic() - began < 20
