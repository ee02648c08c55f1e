"""Apache before `idp serve`, private: it ends the clients' TLS and tells of their certificates, as docs/operating.md
says. What stands there is what runs here, on another port, with files of this run."""

import contextlib
import datetime
import http.client
import re
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.apache import httpd
from tests.support.certificates import certificate
from tests.support.client_certificates import Shown
from tests.support.processes import wait_until
from tests.support.serving import PATIENCE, Answer

MTLS, SELF_SIGNED = "mtls.id.example.cn", "self-signed.id.example.cn"
SETTINGS = {"IDP_CLIENT_CERTIFICATE_HEADER": "Client-Cert", "IDP_CLIENT_CERTIFICATE_VERIFIED_HEADER": "Client-Verify"}
"""As the document has them."""
_DOCUMENT = Path(__file__).parents[2] / "docs" / "operating.md"
_NEEDED = ("mpm_event", "authz_core", "headers", "ssl", "socache_shmcb", "proxy", "proxy_http")
_AROUND = """
Listen 127.0.0.1:{port}
SSLSessionCache shmcb:{folder}/sessions(512000)
"""


@dataclass(frozen=True)
class Credential:
    """A client's certificate and its key, PEM."""

    cert: str
    key: str
    file: Path

    @property
    def shown(self) -> Shown:
        return Shown(x509.load_pem_x509_certificate(self.cert.encode()))


class Authority:
    """Signs clients' certificates, takes them back, and has a folder for all of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        self._revoked: list[int] = []
        self.certificate = _built(self._name, self._name, self._key, self._key, authority=True)

    def client(self, subject: str, *, itself: bool = False, revoked: bool = False) -> Credential:
        """A certificate for a new key; `itself`: signed by that key."""
        key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string(subject)
        made = _built(name, name if itself else self._name, key, key if itself else self._key)
        if revoked:
            self._revoked.append(made.serial_number)
        plain = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self._folder / f"{made.serial_number}.pem"
        file.write_bytes(_pem(made) + plain)
        return Credential(_pem(made).decode(), plain.decode(), file)

    def write(self, folder: Path) -> None:
        """What the proxy has: the authority, and the list of what it took back."""
        (folder / "client-authorities.pem").write_bytes(_pem(self.certificate))
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        builder = builder.last_update(now).next_update(now + datetime.timedelta(days=1))
        for serial in self._revoked:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
            builder = builder.add_revoked_certificate(one)
        crl = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (folder / "client-authorities.crl").write_bytes(crl)


@dataclass
class TlsProxy:
    """The running proxy. `trusted` is a file of its own certificates."""

    port: int
    trusted: Path

    def origin(self, name: str) -> str:
        return f"https://{name}:{self.port}"

    def connect(self, name: str, shown: Credential | None = None, *, tls12: bool = False) -> "Connection":
        """A connection to that name; with `tls12` no newer version is spoken."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        if shown:
            context.load_cert_chain(shown.file)
        if tls12:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        return Connection(context, name, self.port, None)


class Connection(http.client.HTTPConnection):
    """To a name that stands in no DNS: it is here. A session is resumed within its own context alone."""

    def __init__(self, context: ssl.SSLContext, name: str, port: int, session: ssl.SSLSession | None) -> None:
        super().__init__(name, port, timeout=PATIENCE)
        self.context = context
        self.session = session
        self.resumed = False

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.sock = secured = self.context.wrap_socket(plain, server_hostname=self.host, session=self.session)
        self.session, self.resumed = secured.session, bool(secured.session_reused)

    def again(self, name: str) -> "Connection":
        """Another connection, which would go on with this one's session."""
        return Connection(self.context, name, self.port, self.session)

    def ask(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> Answer:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        with contextlib.closing(self):
            self.request(method, path, body or None, form | dict(headers or {}))
            answer = self.getresponse()
            return Answer(answer.status, answer.headers, answer.read())


@contextlib.contextmanager
def tls_proxy(port: int, behind: int, authority: Authority) -> Iterator[TlsProxy]:
    """Runs until the end of the block, before the server at the port `behind`."""
    with tempfile.TemporaryDirectory(prefix="idp-apache-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        authority.write(folder)
        trusted = folder / "trusted.pem"
        trusted.write_bytes(b"".join(_own(folder, each) for each in (MTLS, SELF_SIGNED)))
        told = documented().replace("/etc/apache2", name).replace("*:443", f"*:{port}").replace(":8000", f":{behind}")
        proxy = TlsProxy(port, trusted)
        with httpd(folder, _NEEDED, _AROUND.format(port=port, folder=folder) + told) as process:
            wait_until(lambda: _answers(proxy), process)
            yield proxy


def documented() -> str:
    """The configuration of docs/operating.md."""
    [text] = re.findall(r"```apache\n(.+?)```", _DOCUMENT.read_text(), re.DOTALL)
    return str(text)


def _own(folder: Path, name: str) -> bytes:
    """The proxy's certificate and key for one of its names, where the document has them; the certificate."""
    cert, key = certificate(folder, name)
    (folder / f"{name.partition('.')[0]}.pem").write_bytes(cert.read_bytes() + key.read_bytes())
    return cert.read_bytes()


def _answers(proxy: TlsProxy) -> bool:
    try:
        return proxy.connect(MTLS).ask("GET", "/readyz").status == 200
    except (OSError, http.client.HTTPException):
        return False


def _pem(made: x509.Certificate) -> bytes:
    return made.public_bytes(serialization.Encoding.PEM)


def _built(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    authority: bool = False,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
