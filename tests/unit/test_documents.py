"""README and docs/ say what is so: every command, setting, metric, member and link they name is really there."""

import json
import re
import shlex
from dataclasses import fields
from pathlib import Path

import click
import pytest

from federation.mapping import ATTRIBUTES
from idp.cli import idp
from idp.config import Lifetimes, MutualTls, load_settings
from idp.config.source import SettingsError
from idp.metrics import Metrics
from idp.oidc import discovery
from idp.oidc.clients.client import Client
from idp.oidc.registration.resource_server import prove
from idp.saml.service_provider import Terms, members_of
from idp.saml.terms import parse
from tests.support.provider import Provider

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.name: path.read_text() for path in DOCUMENTS}

JSON_SHOWN = re.findall(r"```json\n(.+?)```", TEXTS["relying-parties.md"], re.DOTALL)


def verbs() -> dict[str, set[str]]:
    """Nouns of the `idp` command with their verbs."""
    context = click.Context(idp)
    found: dict[str, set[str]] = {}
    for name in idp.list_commands(context):
        command = idp.get_command(context, name)
        found[name] = set(command.list_commands(context)) if isinstance(command, click.Group) else set()
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_links_and_pictures_lead_somewhere(name: str) -> None:
    home = next(path.parent for path in DOCUMENTS if path.name == name)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", TEXTS[name]):
        assert target.startswith("https://") or (home / target).exists(), target


@pytest.mark.parametrize("name", TEXTS)
def test_two_who_wrote_at_once_have_been_brought_together(name: str) -> None:
    assert not re.search(r"^(<{7} |={7}$|>{7} )", TEXTS[name], re.MULTILINE)


@pytest.mark.parametrize("name", TEXTS)
def test_every_idp_command_named_exists(name: str) -> None:
    known = verbs()
    for noun, verb in re.findall(r"\bidp ([a-z]+)(?: ([a-z]+))?", TEXTS[name]):
        assert noun in known or f"idp {noun}" not in TEXTS[name].replace(f"citizen-idp {noun}", ""), noun
        if noun in known and known[noun] and verb:
            assert verb in known[noun], f"idp {noun} {verb}"


def test_the_readme_names_every_verb() -> None:
    for noun, those in verbs().items():
        assert f"`idp {noun}" in TEXTS["README.md"]
        row = next(
            line for line in TEXTS["README.md"].splitlines() if f"| `idp {noun}" in line or f"`idp {noun}" in line
        )
        for verb in those:
            assert f"`{verb}`" in row or f"`idp {noun} {verb}`" in row, f"{noun} {verb}"


@pytest.mark.parametrize("name", TEXTS)
def test_every_make_target_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", TEXTS[name])) <= targets


def test_the_table_of_settings_is_complete_and_true() -> None:
    rows = set(re.findall(r"`(IDP_[A-Z_]+)`", TEXTS["operating.md"]))
    with pytest.raises(SettingsError) as refused:
        load_settings({name: "" for name in rows if name != "IDP_SETTINGS_FILE"} | {"IDP_NO_SUCH": "1"})
    unknown = [problem.split()[0] for problem in refused.value.problems if "is not a setting" in problem]
    assert unknown == ["IDP_NO_SUCH"]
    lifetimes = {f"IDP_{member.name.upper()}" for member in fields(Lifetimes)}
    documented = re.findall(r"^    (IDP_[A-Z_]+) ", (ROOT / "idp/config/settings.py").read_text(), re.MULTILINE)
    assert rows == lifetimes | set(documented) | {"IDP_SETTINGS_FILE"}


def test_defaults_in_the_table_are_the_defaults() -> None:
    rows = dict(re.findall(r"^\| `(IDP_[A-Z_]+)`[^|]* \| ([^|]+) \|", TEXTS["operating.md"], re.MULTILINE))
    lifetimes = Lifetimes()
    said = {"IDP_CODE_SECONDS": lifetimes.code_seconds, "IDP_ACCESS_TOKEN_SECONDS": lifetimes.access_token_seconds}
    said["IDP_REFRESH_GRACE_SECONDS"] = lifetimes.refresh_grace_seconds
    assert {name: rows[name] for name in said} == {name: str(value) for name, value in said.items()}
    days = (lifetimes.refresh_seconds // 86_400, lifetimes.refresh_idle_seconds // 86_400)
    assert rows["IDP_REFRESH_SECONDS"] == f"{days[0]} and {days[1]} days"
    idle, absolute = lifetimes.session_idle_seconds // 60, lifetimes.session_absolute_seconds // 3600
    assert rows["IDP_SESSION_IDLE_SECONDS"] == f"{idle} minutes and {absolute} hours"
    assert rows["IDP_TRANSACTION_SECONDS"] == f"{lifetimes.transaction_seconds // 60} minutes"


def test_metrics_to_watch_exist() -> None:
    metrics = Metrics()
    metrics.request("/token", 200, 0.01)
    exposition = metrics.exposition()
    text = exposition.decode() if isinstance(exposition, bytes) else exposition
    settings = {member.name for member in fields(Terms)}
    named = set(re.findall(r"`(idp_[a-z_]+)`", TEXTS["operating.md"])) - settings
    assert named
    for name in named:
        assert name.removesuffix("_total") in text, name


def test_the_unit_runs_as_the_user_who_is_made_for_it_in_a_directory_that_check_accepts() -> None:
    unit = re.search(r"```ini\n(.+?)```", TEXTS["operating.md"], re.DOTALL)
    assert unit
    settings = dict(line.split("=", 1) for line in unit[1].splitlines() if "=" in line)
    assert (settings["StateDirectory"], settings["StateDirectoryMode"]) == ("citizen-idp", "0700")
    assert f"IDP_DATA_DIR=/var/lib/{settings['StateDirectory']}" in TEXTS["operating.md"]
    assert re.search(rf"^useradd --system .* {settings['User']}$", TEXTS["operating.md"], re.MULTILINE)
    program, *words = shlex.split(settings["ExecStart"])
    assert f"ln -s /opt/citizen-idp/.venv/bin/idp {Path(program).parent}/" in TEXTS["operating.md"]
    idp.make_context("idp", words)
    verb = idp.get_command(click.Context(idp), words[0])
    assert verb is not None
    assert verb.make_context(words[0], words[1:]).params["workers"] == 4
    name, file = settings["Environment"].split("=")
    assert f"| `{name}`" in TEXTS["operating.md"] or f"file that `{name}` names" in TEXTS["operating.md"]
    assert f"install -m 0600 -o {settings['User']} /dev/null {file}" in TEXTS["operating.md"]


def test_the_settings_that_are_shown_can_be_used() -> None:
    shown = re.findall(r"^ *```\n((?: *IDP_[A-Z_]+=.+\n)+) *```", TEXTS["operating.md"], re.MULTILINE)
    one, many = (load_settings(dict(line.split("=", 1) for line in each.split())) for each in shown)
    assert (one.records_embedded, one.state_embedded) == (True, True)
    assert (many.records_embedded, many.state_embedded) == (False, False)


def test_secrets_on_standard_input_are_shown() -> None:
    for form in ("--password-stdin --totp-secret -", "idp citizen totp N --secret -"):
        assert re.search(rf"^printf .* \| .*{form}(?: |$)", TEXTS["operating.md"], re.MULTILINE), form


def test_the_worked_resource_server_registers_with_the_client_as_which_it_introspects(provider: Provider) -> None:
    client = re.search(r"registered before it, with `(.+?)`", TEXTS["relying-parties.md"])
    [document] = [each for each in JSON_SHOWN if '"introspection_client"' in each]
    assert client
    services = provider.services
    introspects = services.clients.add(client[1].encode()).client.client_id
    proved = prove(json.dumps(json.loads(document) | {"introspection_client": introspects}).encode(), services.clients)
    assert proved.introspection_client == introspects


def test_the_worked_registration_registers(provider: Provider) -> None:
    document = JSON_SHOWN[0]
    registered = provider.services.clients.add(document.encode())
    assert registered.client_secret
    members = {member.name for member in fields(Client)}
    assert {name.partition("#")[0] for name in json.loads(document)} <= members


def test_what_a_portal_may_choose_is_what_is_offered() -> None:
    metadata = discovery.metadata(
        "https://id.example", registration=False, mutual_tls=MutualTls("Client-Cert", "X-Verified")
    )
    rows = dict(re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", TEXTS["relying-parties.md"], re.MULTILINE))
    for member, offered in (
        ("token_endpoint_auth_method", "token_endpoint_auth_methods_supported"),
        ("id_token_signed_response_alg", "id_token_signing_alg_values_supported"),
        ("subject_type", "subject_types_supported"),
    ):
        assert set(re.findall(r"`([A-Za-z0-9_]+)`", rows[member])) == set(metadata[offered])  # type: ignore[call-overload]


def test_a_service_provider_gets_and_is_set_what_the_tables_say() -> None:
    text = TEXTS["service-providers.md"]
    rows = re.findall(r"^\| `([a-z_]+)` \| `(urn:[^`]+)` \| (\S+) \|", text, re.MULTILINE)
    assert rows == [(row.name, row.saml, row.friendly) for row in ATTRIBUTES]
    (document,) = re.findall(r"```json\n(.+?)```", text, re.DOTALL)
    assert parse(document.encode()).optional == ("phone_number",)
    named = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| .", text[text.index("| setting |") :], re.MULTILINE)
    assert sorted(re.findall(r"`([a-z_]+)`", " ".join(named))) == sorted(members_of(Terms()))


def test_the_table_of_specifications_names_every_test_of_them_and_no_other() -> None:
    named = set(re.findall(r"`((?:tests/[a-z]+/)?test_[a-z0-9_]+\.py)`", TEXTS["conformance.md"]))
    paths = {name if name.startswith("tests/") else f"tests/spec/{name}" for name in named}
    assert {path for path in paths if not (ROOT / path).exists()} == set()
    there = {f"tests/spec/{path.name}" for path in (ROOT / "tests" / "spec").glob("test_*.py")}
    assert there - paths == set()


def test_each_requirement_of_the_saml_profiles_has_a_test_or_an_honest_gap() -> None:
    rows = re.findall(r"^\| ((?:SDP|IIP)-[A-Z]+)(\d\d) \| (.+) \|$", TEXTS["conformance.md"], re.MULTILINE)
    last = {kind: number for kind, number, _ in rows}
    asked = "SDP-G04 SDP-MD12 SDP-ALG01 SDP-IDP33 IIP-G03 IIP-MD12 IIP-SSO07 IIP-EXT01 IIP-ALG08 IIP-IDP21"
    assert {f"{kind}{number}" for kind, number in last.items()} == set(asked.split())
    assert len(rows) == sum(map(int, last.values())) == len({row[:2] for row in rows})
    assert all(".py`" in said or "**gap" in said or "(optional)" in said for _, _, said in rows)
