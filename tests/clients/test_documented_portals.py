"""The portals of docs/relying-parties.md, each run as it stands there, but for the port: a citizen signs in at it."""

import contextlib
import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.clients.conftest import Place
from tests.support.nimbus import jars
from tests.support.openid_client import installed
from tests.support.processes import free_port, start, wait_until
from tests.support.surfer import Surfer

DOCUMENT = (Path(__file__).parents[2] / "docs" / "relying-parties.md").read_text()
AS_WRITTEN = "3000"


def only(language: str) -> str:
    """The one program of that language in the document."""
    (found,) = re.findall(rf"```{language}\n(.+?)```", DOCUMENT, re.DOTALL)
    return str(found)


def in_python(folder: Path) -> list[str]:
    return [sys.executable, str(folder / "portal.py")]


def in_javascript(folder: Path) -> list[str]:
    (folder / "node_modules").symlink_to(installed() / "node_modules")
    return ["node", str(folder / "portal.mjs")]


def in_java(folder: Path) -> list[str]:
    shutil.copytree(jars(), folder / "jars")
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{folder}/jars/*", str(folder / "Portal.java")]


PORTALS: Mapping[str, tuple[str, Callable[[Path], list[str]]]] = {
    "python": ("portal.py", in_python),
    "javascript": ("portal.mjs", in_javascript),
    "java": ("Portal.java", in_java),
}


@contextlib.contextmanager
def portal(language: str, place: Place, folder: Path) -> Iterator[str]:
    """Runs it; its address."""
    file, command = PORTALS[language]
    port = str(free_port())
    (folder / file).write_text(only(language).replace(AS_WRITTEN, port))
    (document,) = re.findall(r"idp client add - <<END\n(.+?)END", DOCUMENT, re.DOTALL)
    client = place.provider.client(**json.loads(document.replace(AS_WRITTEN, port)))
    told = {"ISSUER": place.issuer, "CLIENT_ID": client.id, "CLIENT_SECRET": client.secret}
    process = start(command(folder), folder / "log", environment=dict(os.environ) | told, folder=folder)
    try:
        wait_until(lambda: listens(int(port)), process)
        yield f"http://localhost:{port}"
    finally:
        process.stop()


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("localhost", port), 1):
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("language", PORTALS)
def test_a_citizen_signs_in_at_the_portal_of_the_document(place: Place, tmp_path: Path, language: str) -> None:
    with portal(language, place, tmp_path) as home:
        browser = Surfer(place.issuer, home)
        page = browser.sign_in(browser.get(f"{home}/login"), place.person)
        assert (page.status_code, page.text) == (200, place.person.citizen.profile.name)

        begun = browser.http.get(f"{home}/login", allow_redirects=False).headers["Location"]
        answer = browser.http.get(begun, allow_redirects=False).headers["Location"]
        mixed_up = answer.replace("iss=http", "iss=https")
        assert browser.get(mixed_up).status_code == 400
        elsewhere = browser.http.get(begun, allow_redirects=False).headers["Location"]
        assert Surfer(place.issuer, home).get(elsewhere).status_code >= 400
