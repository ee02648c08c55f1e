"""What is installed: the wheel's contents, the lock files, and the reasons for each dependency."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.homes import LIBRARIES, Library

CHECKOUT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-test.lock")
PACKAGES = {
    "idp": "idp",
    "federation": "federation",
    "connectors": "connectors",
    "admin": "admin",
    "templates": "idp/templates",
}


def requirements(name: str) -> list[str]:
    """The list called `name` in setup.py."""
    for node in ast.parse((CHECKOUT / "setup.py").read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return list(ast.literal_eval(node.value))
    raise AssertionError(f"setup.py has no {name}")


def distribution(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0]


def entries(lock: str) -> list[str]:
    """The lock's entries, each with its continuation lines joined."""
    joined = (CHECKOUT / lock).read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


EVERYTHING = [distribution(word) for name in ("RUNTIME", "DEMO", "TEST") for word in requirements(name)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of what git tracks, so that nothing else on this machine can be in it or be missed."""
    copy, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for path in tracked():
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_bytes((CHECKOUT / path).read_bytes())
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, *build, "--wheel-dir", str(out), str(copy)], check=True)
    (built,) = out.glob("citizen_idp-*.whl")
    return zipfile.ZipFile(built)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True).stdout
    return [name for name in listed.decode().split("\0") if name and (CHECKOUT / name).is_file()]


@pytest.mark.slow
def test_the_wheel_ships_every_file_of_ours(wheel: zipfile.ZipFile) -> None:
    """Code, pages, styles, translations, scripts of the stores, migrations: whatever git tracks in the packages."""
    shipped = set(wheel.namelist())
    tops = {name: name.split("/", 1) for name in tracked() if "/" in name}
    wanted = {f"{PACKAGES[top]}/{rest}" for top, rest in tops.values() if top in PACKAGES}
    assert wanted
    assert sorted(wanted - shipped) == []


@pytest.mark.slow
def test_the_wheel_ships_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"idp", "federation", "connectors", "admin"}


@pytest.mark.slow
def test_the_wheel_brings_the_command(wheel: zipfile.ZipFile) -> None:
    (name,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "idp = idp.cli:main" in wheel.read(name).decode()


@pytest.mark.parametrize("lock", LOCKS)
def test_each_entry_of_a_lock_is_exact_and_hashed(lock: str) -> None:
    found = entries(lock)
    assert found
    assert [entry for entry in found if "==" not in entry or "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_registry_and_no_place(lock: str) -> None:
    text = (CHECKOUT / lock).read_text()
    assert [word for word in ("://", "--index", "--find-links", " /", "file:") if word in text] == []


def test_the_locks_hold_every_dependency() -> None:
    run, test = ({distribution(entry).lower() for entry in entries(lock)} for lock in LOCKS)
    needed = {distribution(word) for name in ("RUNTIME", "DEMO") for word in requirements(name)}
    assert needed - run == set()
    assert set(EVERYTHING) - test == set()


def test_the_test_lock_holds_the_very_files_that_run() -> None:
    """Same versions, same hashes: what the tests proved is what is deployed. For which systems is left out: what tests
    need may want the same file on more of them."""
    run, test = (
        {re.sub(r" ; [^-]*(?= --hash)", "", " ".join(entry.split())) for entry in entries(lock)} for lock in LOCKS
    )
    assert run - test == set()


def test_passlib_is_provided_by_libpass_alone() -> None:
    names = {distribution(entry).lower() for lock in LOCKS for entry in entries(lock)}
    assert "libpass" in names
    assert "passlib" not in names


@pytest.mark.parametrize("name", EVERYTHING)
def test_each_dependency_has_its_reasons(name: str) -> None:
    assert f"\n| `{name}` |" in (CHECKOUT / "docs" / "dependencies.md").read_text()


@pytest.mark.parametrize("library", LIBRARIES, ids=[library.distribution for library in LIBRARIES])
def test_each_home_is_told_as_it_is_enforced(library: Library) -> None:
    """The table's `idp/vault/` is the pattern `idp/vault/*`; what stands beside the homes is for the reader."""
    told = (CHECKOUT / "docs" / "dependencies.md").read_text().partition(f"\n| `{library.distribution}` | ")[2]
    homes = re.findall(r"`([^`]+)`", told.split(" | ")[1])
    assert [home + "*" * home.endswith("/") for home in homes] == list(library.homes)


def test_each_dependency_that_runs_has_a_home() -> None:
    assert {library.distribution for library in LIBRARIES} == {
        distribution(word) for name in ("RUNTIME", "DEMO") for word in requirements(name)
    }


def test_ranges_not_pins() -> None:
    assert [
        word for name in ("RUNTIME", "DEMO") for word in requirements(name) if "==" in word or ">=" not in word
    ] == []


def test_what_comes_from_npm_is_locked_by_its_hash_and_names_no_registry() -> None:
    lock = json.loads((CHECKOUT / "tests" / "clients" / "package-lock.json").read_text())
    packages = {name: told for name, told in lock["packages"].items() if name}
    assert {"node_modules/openid-client", "node_modules/jose"} <= packages.keys()
    for told in packages.values():
        assert told["integrity"].startswith("sha512-")
        assert "resolved" not in told
