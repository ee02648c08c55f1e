"""Apache with mod_auth_openidc, private: one site whose every page needs a citizen, and shows what the module says."""

import contextlib
import http.client
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.processes import Process, program, start, wait_until

MODULES = Path("/usr/lib/apache2/modules")
NEEDED = ("mpm_event", "authn_core", "authz_core", "authz_user", "alias", "cgid", "headers", "auth_openidc")
SHOW = """#!/bin/sh
printf 'Content-Type: text/plain; charset=utf-8\\r\\n\\r\\n'
/usr/bin/env | /usr/bin/grep '^OIDC_'
"""
CONFIGURATION = """
ServerName {host}
Listen 127.0.0.1:{port}
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog /dev/stderr
LogLevel warn
StartServers 1
ThreadsPerChild 8
ScriptSock {folder}/cgi.sock
{user}
{modules}
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


def present() -> Path:
    """Apache's program; skips where it or the module is not there."""
    found = binary()
    if not (MODULES / "mod_auth_openidc.so").exists():
        pytest.skip("mod_auth_openidc is missing (Debian: apt-get install libapache2-mod-auth-openidc)")
    return found


@contextlib.contextmanager
def apache(port: int, told: Mapping[str, str]) -> Iterator[Process]:
    """Runs until the end of the block; `told` has issuer, client_id, secret and response_mode."""
    httpd = present()
    with tempfile.TemporaryDirectory(prefix="idp-apache-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "cache").mkdir(mode=0o777)
        (folder / "cache").chmod(0o777)
        for script in ("show", "public"):
            (folder / script).write_text(SHOW)
            (folder / script).chmod(0o755)
        configuration = folder / "httpd.conf"
        modules = "\n".join(f"LoadModule {each}_module {MODULES}/mod_{each}.so" for each in NEEDED)
        user = "User nobody\nGroup nogroup" if Path("/proc/self").stat().st_uid == 0 else ""
        configuration.write_text(
            CONFIGURATION.format(folder=folder, host="localhost", port=port, user=user, modules=modules, **told)
        )
        process = start([httpd, "-X", "-f", configuration], folder / "log")
        try:
            wait_until(lambda: _answers(port), process)
            yield process
        finally:
            process.stop()


def _answers(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/public", headers={"Host": f"localhost:{port}"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
