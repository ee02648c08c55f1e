"""Settings: each rule as a row, all problems told at once, nothing secret shown."""

import pickle
from pathlib import Path

import pytest

from idp.config import Lifetimes, MutualTls, Settings, SettingsError, load_settings, without_credentials

LOOPBACK = {"IDP_ISSUER": "http://localhost:8000"}


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    return refused.value.problems


def test_defaults_need_the_issuer_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(LOOPBACK)
    assert settings == Settings(
        issuer="http://localhost:8000",
        data_dir=tmp_path / "var",
        records_url=f"sqlite:///{tmp_path}/var/records.db",
        state_url=f"sqlite:///{tmp_path}/var/state.db",
        master_key_file=tmp_path / "var" / "master.key",
    )
    assert (settings.records_embedded, settings.state_embedded, settings.secure) == (True, True, False)


def test_everything_can_be_set(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text("")
    settings = load_settings(
        {
            "IDP_ISSUER": "https://id.example.cn",
            "IDP_DATA_DIR": str(tmp_path),
            "IDP_RECORDS_URL": "postgresql+psycopg://idp:secret@db/idp",
            "IDP_STATE_URL": "rediss+sentinel://:secret@one:26379,two:26379/main/0",
            "IDP_MASTER_KEY_FILE": "/etc/idp/master.key",
            "IDP_REGISTRATION": "closed",
            "IDP_PKCE": "or_nonce",
            "IDP_SOFTWARE_STATEMENT_ISSUERS": str(ca_file),
            "IDP_OUTBOUND_ALLOW": "127.0.0.1:9443, registry.internal:443,[::1]:8443",
            "IDP_CA_FILE": str(ca_file),
            "IDP_TRUSTED_PROXIES": "10.0.0.5,2001:DB8::1",
            "IDP_PASSWORD_POLICY": "mlps3",
            "IDP_LOG_LEVEL": "warning",
            "IDP_SESSION_IDLE_SECONDS": "600",
        }
    )
    assert settings.secure
    assert not settings.records_embedded
    assert not settings.state_embedded
    assert settings.outbound_allow == {"127.0.0.1:9443", "registry.internal:443", "[::1]:8443"}
    assert settings.trusted_proxies == {"10.0.0.5", "2001:db8::1"}
    assert (settings.registration, settings.password_policy, settings.log_level) == ("closed", "mlps3", "warning")
    assert settings.pkce == "or_nonce"
    assert settings.lifetimes == Lifetimes(session_idle_seconds=600)
    assert settings.software_statement_issuers == ca_file
    assert (settings.ca_file, settings.master_key_file) == (ca_file, Path("/etc/idp/master.key"))


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example.cn",
        "https://id.example.cn:8443",
        "https://[2001:db8::1]",
        "http://127.0.0.1:1",
        "http://[::1]:8000",
    ],
)
def test_issuers_that_will_do(issuer: str) -> None:
    assert load_settings({"IDP_ISSUER": issuer}).issuer == issuer


@pytest.mark.parametrize(
    "issuer",
    [
        *("http://id.example.cn", "http://192.168.0.1", "http://127.0.0.1.example.cn", "http://localhost.example.cn"),
        *("https://id.example.cn/", "https://id.example.cn/idp", "https://id.example.cn?x", "https://id.example.cn#x"),
        *("https://user@id.example.cn", "https://ID.example.cn", "https://id.example.cn:443", "http://localhost:80"),
        *("https://id.example.cn:99999", "https://id.example.cn:x", "https://", "id.example.cn", "ftp://id.example.cn"),
        *("https://身份.example.cn", "https://id_.example.cn", "https://id.example.cn\\x", "https://id..cn"),
    ],
)
def test_issuers_that_will_not(issuer: str) -> None:
    (problem,) = problems({"IDP_ISSUER": issuer})
    assert problem.startswith("IDP_ISSUER ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IDP_RECORDS_URL", "mysql://db/idp"),
        ("IDP_RECORDS_URL", "sqlite://"),
        ("IDP_RECORDS_URL", "sqlite:///"),
        ("IDP_STATE_URL", "memcached://x"),
        ("IDP_STATE_URL", "/var/state.db"),
        ("IDP_REGISTRATION", "Open"),
        ("IDP_OUTBOUND_ALLOW", "registry.internal"),
        ("IDP_OUTBOUND_ALLOW", "*.internal:443"),
        ("IDP_OUTBOUND_ALLOW", "10.0.0.0/8:443"),
        ("IDP_OUTBOUND_ALLOW", "registry.internal:99999"),
        ("IDP_OUTBOUND_ALLOW", "https://registry.internal:443"),
        ("IDP_CA_FILE", "/nowhere/ca.pem"),
        ("IDP_SOFTWARE_STATEMENT_ISSUERS", "/nowhere/issuers.json"),
        ("IDP_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("IDP_TRUSTED_PROXIES", "proxy.internal"),
        ("IDP_TRUSTED_PROXIES", "*"),
        ("IDP_CLIENT_CERTIFICATE_HEADER", "X_Client_Cert"),
        ("IDP_CLIENT_CERTIFICATE_HEADER", "Authorization"),
        ("IDP_CLIENT_CERTIFICATE_HEADER", "X-Client-Cert: x"),
        ("IDP_PASSWORD_POLICY", "none"),
        ("IDP_LOG_LEVEL", "verbose"),
        ("IDP_CODE_SECONDS", "0"),
        ("IDP_CODE_SECONDS", "61"),
        ("IDP_CODE_SECONDS", "-1"),
        ("IDP_CODE_SECONDS", "６０"),
        ("IDP_CODE_SECONDS", "1e1"),
        ("IDP_SESSION_IDLE_SECONDS", "99999999999"),
    ],
)
def test_values_that_will_not(name: str, value: str) -> None:
    (problem,) = problems({**LOOPBACK, name: value})
    assert problem.startswith(f"{name} must ")


def test_certificates_are_believed_from_somebody_or_not_at_all() -> None:
    header = {"IDP_CLIENT_CERTIFICATE_HEADER": "Client-Cert"}
    (problem,) = problems(LOOPBACK | header)
    assert "IDP_TRUSTED_PROXIES" in problem
    for alone in ({"IDP_MTLS_ORIGIN": "https://mtls.example"}, {"IDP_CLIENT_CERTIFICATE_VERIFIED_HEADER": "X-Verify"}):
        (problem,) = problems(LOOPBACK | alone)
        assert problem.startswith("IDP_CLIENT_CERTIFICATE_HEADER is missing")
    settings = load_settings(LOOPBACK | header | {"IDP_TRUSTED_PROXIES": "10.0.0.5"})
    assert settings.mutual_tls == MutualTls("Client-Cert")
    assert load_settings(LOOPBACK).mutual_tls is None


def test_a_refused_value_is_not_repeated() -> None:
    assert "hidden" not in str(
        problems({**LOOPBACK, "IDP_RECORDS_URL": "mysql://u:hidden@db", "IDP_CODE_SECONDS": "hidden"})
    )


def test_every_problem_is_told_at_once() -> None:
    found = problems({"IDP_ISSUER": "http://x.cn", "IDP_LOG_LEVEL": "x", "IDP_CODE_SECONDS": "x", "IDP_UNKNOWN": "x"})
    assert [problem.split()[0] for problem in found] == [
        "IDP_ISSUER",
        "IDP_LOG_LEVEL",
        "IDP_CODE_SECONDS",
        "IDP_UNKNOWN",
    ]


def test_a_missing_issuer_says_what_to_set() -> None:
    (problem,) = problems({})
    assert problem == "IDP_ISSUER is missing: set it to the address citizens reach, such as https://id.example.cn"


def test_an_unknown_name_is_an_error_and_the_likely_one_is_named() -> None:
    assert problems({**LOOPBACK, "IDP_REGISTRATON": "open"}) == (
        "IDP_REGISTRATON is not a setting: did you mean IDP_REGISTRATION?",
    )


def test_names_of_others_are_not_ours() -> None:
    assert load_settings({**LOOPBACK, "PATH": "/bin", "MY_IDP_ISSUER": "x"}).issuer == LOOPBACK["IDP_ISSUER"]


def test_an_empty_value_is_no_value() -> None:
    assert load_settings({**LOOPBACK, "IDP_CA_FILE": "", "IDP_LOG_LEVEL": " "}).log_level == "info"


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ("IDP_SESSION_ABSOLUTE_SECONDS", "IDP_SESSION_IDLE_SECONDS"),
        ("IDP_REFRESH_SECONDS", "IDP_REFRESH_IDLE_SECONDS"),
    ],
)
def test_idle_is_at_most_absolute(shorter: str, longer: str) -> None:
    (problem,) = problems({**LOOPBACK, shorter: "60", longer: "61"})
    assert problem.startswith(longer)


def test_a_file_has_the_same_names_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / "idp.env"
    file.write_text("# ours\n\nIDP_ISSUER=https://id.example.cn\n IDP_LOG_LEVEL = error \nIDP_REGISTRATION=open\n")
    settings = load_settings({"IDP_SETTINGS_FILE": str(file), "IDP_REGISTRATION": "closed"})
    assert (settings.issuer, settings.log_level, settings.registration) == ("https://id.example.cn", "error", "closed")
    assert load_settings({"IDP_SETTINGS_FILE": str(file)}).registration == "open"


def test_a_file_is_held_to_the_same_rules(tmp_path: Path) -> None:
    file = tmp_path / "idp.env"
    file.write_text("IDP_ISSUER=http://localhost\nISSUER=x\nIDP_LOG_LEVEL\nIDP_ISSUER=x\nIDP_MASTER_KEY=k x\nIDP_X=1\n")
    found = problems({"IDP_SETTINGS_FILE": str(file)})
    assert [problem.split()[0] for problem in found] == ["line", "line", "line", "IDP_MASTER_KEY", "IDP_X"]


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read" in problems({**LOOPBACK, "IDP_SETTINGS_FILE": str(tmp_path / "no")})[0]


def test_the_master_key_comes_from_one_place() -> None:
    found = problems({**LOOPBACK, "IDP_MASTER_KEY": "k1 x", "IDP_MASTER_KEY_FILE": "/etc/key"})
    assert "both set" in found[0]


def test_nothing_secret_is_shown() -> None:
    settings = load_settings(
        {
            **LOOPBACK,
            "IDP_MASTER_KEY": "k1 hidden-key",
            "IDP_RECORDS_URL": "postgresql+psycopg://idp:hidden-1@db/idp?password=hidden-2",
            "IDP_STATE_URL": "redis://:hidden-3@redis:6379/0",
        }
    )
    assert "hidden" not in repr(settings)
    assert without_credentials(settings.records_url) == "postgresql+psycopg://db/idp"
    assert without_credentials(settings.state_url) == "redis://redis:6379/0"
    assert without_credentials("sqlite:////var/x.db") == "sqlite:////var/x.db"


def test_settings_travel_to_another_process() -> None:
    settings = load_settings({**LOOPBACK, "IDP_OUTBOUND_ALLOW": "localhost:1"})
    assert pickle.loads(pickle.dumps(settings)) == settings
