"""Apache, private: sites that know nothing of sign-ins, behind the modules that do."""

import contextlib
import http.client
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.processes import Process, program, start, wait_until

MODULES = Path("/usr/lib/apache2/modules")
AS_ROOT = Path("/proc/self").stat().st_uid == 0
_OPENIDC = ("mpm_event", "authn_core", "authz_core", "authz_user", "alias", "cgid", "headers", "auth_openidc")
_SHOW = """#!/bin/sh
printf 'Content-Type: text/plain; charset=utf-8\\r\\n\\r\\n'
/usr/bin/env | /usr/bin/grep '^OIDC_'
"""
_AROUND = """
ServerName localhost
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog /dev/stderr
LogLevel warn
StartServers 1
ServerLimit 1
ThreadsPerChild 8
MaxRequestWorkers 8
{user}
{modules}
"""
_SITE = """
Listen 127.0.0.1:{port}
ScriptSock {folder}/cgi.sock
OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCRedirectURI http://{host}:{port}/callback
OIDCCryptoPassphrase made-up-for-this-run
OIDCScope "openid profile phone"
OIDCPKCEMethod S256
OIDCResponseMode {response_mode}
OIDCCacheType file
OIDCCacheDir {folder}/cache
OIDCPassClaimsAs environment
OIDCDefaultLoggedOutURL http://{host}:{port}/public
ScriptAlias /page {folder}/show
ScriptAlias /public {folder}/public
<Directory {folder}>
    Require all granted
</Directory>
<Location /page>
    AuthType openid-connect
    Require valid-user
</Location>
<Location /callback>
    AuthType openid-connect
    Require valid-user
</Location>
"""


def binary() -> Path:
    """Apache's program; skips where it is not there."""
    return program("apache2", package="apache2", places=[Path("/usr/sbin")])


def present(module: str, package: str) -> None:
    """Skips where Apache or the module is not there."""
    binary()
    if not (MODULES / f"{module}.so").exists():
        pytest.skip(f"{module} is missing (Debian: apt-get install {package})")


@contextlib.contextmanager
def httpd(
    folder: Path, modules: Sequence[str], sites: str, environment: dict[str, str] | None = None
) -> Iterator[Process]:
    """One Apache with those modules and these sites, everything of it in `folder`, until the end of the block. It may
    not answer yet."""
    loaded = "\n".join(
        f"LoadModule {name if name == 'mod_shib' else f'{name}_module'} {MODULES}/mod_{name.removeprefix('mod_')}.so"
        for name in modules
    )
    user = "User nobody\nGroup nogroup" if AS_ROOT else ""
    configuration = folder / "httpd.conf"
    configuration.write_text(_AROUND.format(folder=folder, user=user, modules=loaded) + sites)
    process = start([binary(), "-X", "-f", configuration], folder / "log", environment=environment)
    try:
        yield process
    finally:
        process.stop()


@contextlib.contextmanager
def apache(port: int, told: Mapping[str, str]) -> Iterator[Process]:
    """A site behind mod_auth_openidc whose every page needs a citizen, and shows what the module says. `told` has
    issuer, client_id, secret and response_mode."""
    present("mod_auth_openidc", "libapache2-mod-auth-openidc")
    with tempfile.TemporaryDirectory(prefix="idp-apache-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "cache").mkdir(mode=0o777)
        (folder / "cache").chmod(0o777)
        for script in ("show", "public"):
            (folder / script).write_text(_SHOW)
            (folder / script).chmod(0o755)
        site = _SITE.format(folder=folder, host="localhost", port=port, **told)
        with httpd(folder, _OPENIDC, site) as process:
            wait_until(lambda: answers(port, "/public"), process)
            yield process


def answers(port: int, path: str) -> bool:
    """Whether a page is there."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{port}"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
