"""Settings: `IDP_*` variables, or the same names in a file, checked once at start and frozen from then on.

    IDP_ISSUER                    the provider's address; https, or http on a loopback host; required
    IDP_DATA_DIR                  where embedded stores, the master key and worker files live (var)
    IDP_RECORDS_URL               sqlite:///… or postgresql+psycopg://… (records.db in the data directory)
    IDP_STATE_URL                 sqlite:///…, redis://…, redis+sentinel://…, redis+cluster://… (state.db there)
    IDP_MASTER_KEY_FILE           file of the master key (master.key in the data directory)
    IDP_MASTER_KEY                the master key itself; only from the environment
    IDP_REGISTRATION              open, token or closed (token): who may register over HTTP, where nobody can yet
    IDP_PKCE                      required or or_nonce (required): of confidential clients that register themselves
    IDP_SOFTWARE_STATEMENT_ISSUERS  a file: whose software statements are taken at registration (none)
    IDP_OUTBOUND_ALLOW            exact host:port pairs that outgoing calls may reach besides public addresses
    IDP_CA_FILE                   certificates to trust for outgoing calls besides the system's
    IDP_TRUSTED_PROXIES           exact addresses of the proxies whose forwarding headers are believed
    IDP_CLIENT_CERTIFICATE_HEADER  the header in which these proxies tell a client's certificate (none)
    IDP_CLIENT_CERTIFICATE_VERIFIED_HEADER  the one in which they say SUCCESS of its chain (none)
    IDP_MTLS_ORIGIN               a second address of ours, where clients are asked for certificates (none)
    IDP_PASSWORD_POLICY           nist or mlps3 (nist)
    IDP_AUDIT_DAYS                how long audit events and agreements that ended are kept (1096; at least 184)
    IDP_ADDRESS_RATE              requests a second that one worker takes of one address (500)
    IDP_CLIENT_RATE               requests a second that one worker takes of one client (500)
    IDP_DISPLAY_NAME_ZH           how service providers show us (公民统一身份认证)
    IDP_DISPLAY_NAME_EN           the same in English (Citizen Identity Service)
    IDP_ORGANIZATION_NAME_ZH      who runs the provider (none)
    IDP_ORGANIZATION_NAME_EN      the same in English (none)
    IDP_ORGANIZATION_URL          the page of whoever runs it (none)
    IDP_TECHNICAL_CONTACT         an e-mail address for our SAML metadata (none)
    IDP_SUPPORT_CONTACT           another, for service providers whose citizens need help (none)
    IDP_SAML_SCOPE                the domain of subject-id and pairwise-id (the issuer's host)
    IDP_SAML_METADATA_DAYS        how long a copy of our SAML metadata may be used (14)
    IDP_LOG_LEVEL                 debug, info, warning or error (info)
    IDP_<LIFETIME>_SECONDS        see `Lifetimes`: IDP_CODE_SECONDS, IDP_SESSION_IDLE_SECONDS …
    IDP_SETTINGS_FILE             the file to read; lines NAME=value, and # comments; the environment wins

Every problem is reported at once, each with what to do. A name that is not listed here is an error, because a setting
that is silently ignored is a setting that somebody believes in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit, urlunsplit

from idp.config import values
from idp.config.publicity import Publicity, publicity
from idp.config.source import SettingsReader

Registration = Literal["open", "token", "closed"]
Pkce = Literal["required", "or_nonce"]
PasswordPolicyName = Literal["nist", "mlps3"]
LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things live, in seconds. `x_seconds` is set by `IDP_X_SECONDS`."""

    code_seconds: int = 60
    """An authorization code (RFC 6749 section 4.1.2 allows ten minutes; RFC 9700 wants it short)."""
    access_token_seconds: int = 600
    id_token_seconds: int = 600
    refresh_seconds: int = 90 * 86_400
    """A family of refresh tokens, from the sign-in that began it."""
    refresh_idle_seconds: int = 30 * 86_400
    """A refresh token that nobody uses."""
    refresh_grace_seconds: int = 10
    """How long the token before the newest is still answered, for a client that lost a reply; 0 for never."""
    session_idle_seconds: int = 30 * 60
    session_absolute_seconds: int = 12 * 3600
    transaction_seconds: int = 30 * 60
    """A sign-in that was begun and not finished."""


_BOUNDS: Mapping[str, tuple[int, int]] = {
    "code_seconds": (1, 60),
    "access_token_seconds": (1, 86_400),
    "id_token_seconds": (1, 86_400),
    "refresh_seconds": (1, 366 * 86_400),
    "refresh_idle_seconds": (1, 366 * 86_400),
    "refresh_grace_seconds": (0, 60),
    "session_idle_seconds": (1, 86_400),
    "session_absolute_seconds": (1, 7 * 86_400),
    "transaction_seconds": (1, 4 * 3600),
}


@dataclass(frozen=True, slots=True)
class MutualTls:
    """How trusted proxies tell of clients' certificates (RFC 8705). Without `verified_header` nobody says whether a
    chain was proved. `origin` is where the proxies ask for certificates, if not at the issuer's own address."""

    header: str
    verified_header: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    issuer: str
    data_dir: Path
    records_url: str = field(repr=False)
    state_url: str = field(repr=False)
    master_key_file: Path
    master_key: str | None = field(default=None, repr=False)
    """The key from the environment; it stands in place of `master_key_file`."""
    registration: Registration = "token"
    pkce: Pkce = "required"
    """What is asked of a client that registers itself, can keep a secret and does not say: a challenge, or a challenge
    or a nonce (RFC 9700 section 2.1.1). Public and fapi2 clients always send a challenge."""
    software_statement_issuers: Path | None = None
    outbound_allow: frozenset[str] = frozenset()
    ca_file: Path | None = None
    trusted_proxies: frozenset[str] = frozenset()
    mutual_tls: MutualTls | None = None
    password_policy: PasswordPolicyName = "nist"
    audit_days: int = 1096
    """Events and ended agreements are kept so long; six months is the least that the law asks (Cybersecurity Law,
    article 21)."""
    address_rate: int = 500
    """A second, of one address at one worker; a few seconds' worth may come at once."""
    client_rate: int = 500
    log_level: LogLevel = "info"
    lifetimes: Lifetimes = Lifetimes()
    publicity: Publicity = field(default_factory=Publicity)

    @property
    def secure(self) -> bool:
        """Whether the issuer is https, so that cookies are `Secure` and named `__Host-`."""
        return self.issuer.startswith("https:")

    @property
    def saml_scope(self) -> str:
        """The domain that `subject-id` and `pairwise-id` are ours in."""
        return self.publicity.scope or urlsplit(self.issuer).hostname or ""

    @property
    def records_embedded(self) -> bool:
        return self.records_url.startswith("sqlite:")

    @property
    def records_file(self) -> Path | None:
        """The embedded records, whether they are there yet or not."""
        return values.file_of_address(self.records_url) if self.records_embedded else None

    @property
    def state_embedded(self) -> bool:
        return self.state_url.startswith("sqlite:")

    @property
    def state_file(self) -> Path | None:
        """The file of an embedded state store."""
        return values.file_of_address(self.state_url) if self.state_embedded else None

    @property
    def metrics_dir(self) -> Path:
        """Where worker processes leave their counters."""
        return self.data_dir / "metrics"


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check the settings. Raises `SettingsError` with every problem."""
    reader = SettingsReader(environ)
    data_dir = reader.read("IDP_DATA_DIR", values.path, Path("var").absolute())
    proxies: frozenset[str] = reader.read("IDP_TRUSTED_PROXIES", values.addresses, frozenset())
    settings = Settings(
        issuer=reader.required(
            "IDP_ISSUER", values.issuer, "set it to the address citizens reach, such as https://id.example.cn"
        ),
        data_dir=data_dir,
        records_url=reader.read("IDP_RECORDS_URL", values.records_url, values.address_of_file(data_dir / "records.db")),
        state_url=reader.read("IDP_STATE_URL", values.state_url, values.address_of_file(data_dir / "state.db")),
        master_key_file=reader.read("IDP_MASTER_KEY_FILE", values.path, data_dir / "master.key"),
        master_key=reader.read("IDP_MASTER_KEY", values.text, None),
        registration=reader.read("IDP_REGISTRATION", values.one_of(Registration), "token"),
        pkce=reader.read("IDP_PKCE", values.one_of(Pkce), "required"),
        software_statement_issuers=reader.read("IDP_SOFTWARE_STATEMENT_ISSUERS", values.existing_file, None),
        outbound_allow=reader.read("IDP_OUTBOUND_ALLOW", values.host_ports, frozenset()),
        ca_file=reader.read("IDP_CA_FILE", values.existing_file, None),
        trusted_proxies=proxies,
        mutual_tls=_mutual_tls(reader, proxies),
        password_policy=reader.read("IDP_PASSWORD_POLICY", values.one_of(PasswordPolicyName), "nist"),
        audit_days=reader.read("IDP_AUDIT_DAYS", values.whole(184, 36_500), 1096),
        address_rate=reader.read("IDP_ADDRESS_RATE", values.whole(1, 1_000_000), 500),
        client_rate=reader.read("IDP_CLIENT_RATE", values.whole(1, 1_000_000), 500),
        log_level=reader.read("IDP_LOG_LEVEL", values.one_of(LogLevel), "info"),
        lifetimes=_lifetimes(reader),
        publicity=publicity(reader),
    )
    reader.finish()
    return settings


def without_credentials(url: str) -> str:
    """A store's address as it may be shown: user, password and query are left out."""
    if url.startswith("sqlite:"):
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def _mutual_tls(reader: SettingsReader, proxies: frozenset[str]) -> MutualTls | None:
    header = reader.read("IDP_CLIENT_CERTIFICATE_HEADER", values.header, None)
    verified = reader.read("IDP_CLIENT_CERTIFICATE_VERIFIED_HEADER", values.header, None)
    origin = reader.read("IDP_MTLS_ORIGIN", values.issuer, None)
    if header is None:
        if verified or origin:
            reader.reject("IDP_CLIENT_CERTIFICATE_HEADER is missing: without it nobody tells us of certificates")
        return None
    if not proxies:
        reader.reject("IDP_CLIENT_CERTIFICATE_HEADER needs IDP_TRUSTED_PROXIES: from nobody else it is believed")
    return MutualTls(header, verified, origin)


def _lifetimes(reader: SettingsReader) -> Lifetimes:
    chosen: dict[str, int] = {}
    for member in fields(Lifetimes):
        low, high = _BOUNDS[member.name]
        default = cast("int", member.default)
        chosen[member.name] = reader.read(f"IDP_{member.name.upper()}", values.seconds(low, high), default)
    for idle, absolute in (
        ("session_idle_seconds", "session_absolute_seconds"),
        ("refresh_idle_seconds", "refresh_seconds"),
    ):
        if chosen[idle] > chosen[absolute]:
            reader.reject(f"IDP_{idle.upper()} is longer than IDP_{absolute.upper()}: it must be at most that")
    return Lifetimes(**chosen)
