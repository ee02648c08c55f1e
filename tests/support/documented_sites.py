"""The sites of docs/service-providers.md as they stand there, but for ports and folders, private and in one folder."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.apache import AS_ROOT, answers, httpd, present
from tests.support.processes import Process, program, start, wait_until

DOCUMENT = (Path(__file__).parents[2] / "docs" / "service-providers.md").read_text()
_SAID = "said.log"
_APACHE = ("mpm_event", "authn_core", "authz_core", "authz_user", "alias", "cgid")
_PLACES = ("/etc/apache2/mellon", "/etc/shibboleth", "/usr/lib/cgi-bin")
_AROUND = """
ScriptSock {folder}/cgi.sock
<Directory {folder}>
    Require all granted
</Directory>
"""
_MELLON = "MellonLockFile {folder}/mellon.lock\n"
_SHIBBOLETH = "<Location /Shibboleth.sso>\n    AuthType None\n    Require all granted\n</Location>\n"
"""As Debian's own configuration of each module has it."""
_LOGGER = """log4j.rootCategory=WARN, said
log4j.appender.said=org.apache.log4j.FileAppender
log4j.appender.said.fileName={file}
log4j.appender.said.layout=org.apache.log4j.PatternLayout
log4j.appender.said.layout.ConversionPattern=%p %c: %m%n
"""


@dataclass(frozen=True)
class Where:
    """The identity provider's address, what its operator's shell has, and where the site will be."""

    issuer: str
    environment: Mapping[str, str]
    port: int

    @property
    def home(self) -> str:
        return f"http://localhost:{self.port}"

    def here(self, text: str, folder: Path) -> str:
        """Words of the document, for this run."""
        text = text.replace("http://localhost:8000", self.issuer).replace("3080", str(self.port))
        for place in _PLACES:
            text = text.replace(place, str(folder))
        return text


@dataclass(frozen=True)
class Beside:
    """What a site has beside what the document says, in words of the document: in Apache's configuration, commands
    before it runs, and what stands in shibboleth2.xml in place of what."""

    apache: str = ""
    before: str = ""
    shibboleth2: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A running site."""

    home: str
    folder: Path
    processes: tuple[Process, ...]

    def log(self) -> str:
        """The ends of what its processes said, for a test that fails."""
        own = self.folder / _SAID
        said = own.read_text(errors="replace")[-4000:] if own.exists() else ""
        return "\n".join([*(each.tail() for each in self.processes), said])


def blocks(language: str, name: str) -> list[str]:
    """What stands in the document between fences of that language, of that name."""
    found = re.findall(rf"```{language} {re.escape(name)}\n(.+?)```", DOCUMENT, re.DOTALL)
    assert found, f"no {language} {name} in the document"
    return [str(each) for each in found]


@contextlib.contextmanager
def mellon(where: Where, beside: Beside) -> Iterator[Site]:
    """Behind mod_auth_mellon, registered."""
    present("mod_auth_mellon", "libapache2-mod-auth-mellon")
    with _folder() as folder:
        (setting_up,) = blocks("shell", "mellon")
        _run(where, folder, setting_up + beside.before)
        (site,) = blocks("apache", "mellon")
        text = (_AROUND + _MELLON).format(folder=folder) + where.here(_both(site, beside), folder)
        with httpd(folder, (*_APACHE, "auth_mellon"), text) as apache:
            wait_until(lambda: answers(where.port, "/mellon/metadata"), apache)
            yield Site(where.home, folder, (apache,))


@contextlib.contextmanager
def shibboleth(where: Where, beside: Beside) -> Iterator[Site]:
    """Behind the Shibboleth service provider, registered."""
    present("mod_shib", "libapache2-mod-shib")
    with _folder() as folder:
        own = folder / "shibboleth"
        shutil.copytree("/etc/shibboleth", own)
        keys, registering = blocks("shell", "shibboleth")
        owner = "-u nobody -g nogroup" if AS_ROOT else f"-u {os.getuid()} -g {os.getgid()}"
        _run(where, own, keys.replace("shib-keygen", f"shib-keygen -o {own} {owner}") + beside.before)
        for name in ("shibboleth2.xml", "attribute-map.xml"):
            (text,) = blocks("xml", name)
            for old, new in beside.shibboleth2.items():
                text = text.replace(old, new)
            (own / name).write_text(where.here(text, own))
        (site,) = blocks("apache", "shibboleth")
        text = _AROUND.format(folder=own) + _SHIBBOLETH + where.here(_both(site, beside), own)
        with _shibd(folder) as shibd, httpd(own, (*_APACHE, "mod_shib"), text, _told(folder)) as apache:
            wait_until(lambda: answers(where.port, "/Shibboleth.sso/Metadata"), apache)
            _run(where, own, registering)
            yield Site(where.home, own, (shibd, apache))


@contextlib.contextmanager
def python3_saml(where: Where) -> Iterator[Site]:
    """The application in Python, registered."""
    (key, registering), (portal,) = blocks("shell", "python"), re.findall(r"```python\n(.+?)```", DOCUMENT, re.DOTALL)
    with _folder() as folder:
        _run(where, folder, key)
        (folder / "portal.py").write_text(where.here(portal, folder))
        process = start([sys.executable, "portal.py"], folder / "portal.log", folder=folder)
        try:
            wait_until(lambda: answers(where.port, "/metadata"), process)
            _run(where, folder, registering)
            yield Site(where.home, folder, (process,))
        finally:
            process.stop()


def _both(site: str, beside: Beside) -> str:
    return site.replace("</VirtualHost>", f"{beside.apache}</VirtualHost>")


@contextlib.contextmanager
def _shibd(folder: Path) -> Iterator[Process]:
    """The daemon behind the module, once it listens."""
    own, user = folder / "shibboleth", "nobody" if AS_ROOT else None
    (own / _SAID).touch()
    (own / "said.logger").write_text(_LOGGER.format(file=own / _SAID))
    if user:
        for each in (own, *own.iterdir()):
            shutil.chown(each, user)
    command = [program("shibd", package="shibboleth-sp-utils", places=[Path("/usr/sbin")]), "-F", "-f"]
    process = start(command, own / "shibd.log", user=user, environment=_told(folder))
    try:
        wait_until((own / "shibd.sock").exists, process)
        yield process
    finally:
        process.stop()


def _told(folder: Path) -> dict[str, str]:
    """What the daemon and the module look for: each name leads to a folder that has a folder `shibboleth`."""
    places = dict.fromkeys(("SHIBSP_CFGDIR", "SHIBSP_LOGDIR", "SHIBSP_RUNDIR", "SHIBSP_CACHEDIR"), str(folder))
    return {**os.environ, **places, "SHIBSP_LOGGING": str(folder / "shibboleth" / "said.logger")}


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="idp-site-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def _run(where: Where, folder: Path, commands: str) -> None:
    """Commands of the document, in the operator's shell."""
    if shutil.which("openssl") is None or shutil.which("curl") is None:
        pytest.skip("openssl or curl is missing (Debian: apt-get install openssl curl)")
    path = f"{Path(sys.executable).parent}:/usr/sbin:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", where.here(commands, folder)],
        env={**where.environment, "PATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
