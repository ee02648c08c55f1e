"""`idp serve`, `idp demo`, `idp db upgrade` and `idp check`. Each loads what it needs when it is called."""

import importlib
import os
from dataclasses import asdict
from pathlib import Path

import click

from idp.cli.example import example
from idp.cli.output import show, show_many, table_option
from idp.config import SettingsError, load_settings

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_LIKELY_WORKERS = 4


@click.command(
    epilog=example(
        "IDP_ISSUER=https://id.example.cn idp serve --host 0.0.0.0 --port 8443 --tls-cert chain.pem --tls-key key.pem"
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), help="Worker processes; without it, one for each CPU up to 4.")
@click.option("--tls-cert", type=_FILE, help="Certificate and chain, PEM.")
@click.option("--tls-key", type=_FILE, help="Its private key, PEM.")
def serve(host: str, port: int, workers: int | None, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Run the identity provider until SIGTERM or Ctrl-C."""
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    settings = load_settings(os.environ)
    serving = importlib.import_module("idp.running.serve")
    try:
        serving.serve(settings, host, port, workers or min(os.cpu_count() or 1, _LIKELY_WORKERS), tls_cert, tls_key)
    except serving.CannotServe as error:
        raise click.ClickException(str(error)) from None


@click.command(epilog=example("idp demo --port 9000"))
@click.option("--port", type=click.IntRange(1, 65_532), default=8000, show_default=True, help="The first of four.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Its data.",
)
def demo(port: int, data_dir: Path) -> None:
    """Run the provider and three portals on this machine, with made-up citizens."""
    status = importlib.import_module("idp.demo.run").run(port, data_dir)
    if status:
        raise click.exceptions.Exit(status)


@click.group()
def db() -> None:
    """The records' tables."""


@db.command(epilog=example("IDP_RECORDS_URL=postgresql+psycopg://idp@db/idp idp db upgrade"))
def upgrade() -> None:
    """Bring the tables to what this release needs. Nothing happens if they are that already."""
    settings = load_settings(os.environ)
    importlib.import_module("idp.cli.opened").prepared(settings)
    url = settings.records_url
    upgrading = importlib.import_module("idp.storage.records.upgrade")
    was_current = upgrading.is_current(url)
    if not was_current:
        upgrading.upgrade(url)
    show({"records": "were up to date" if was_current else "upgraded"})


@click.command(epilog=example("idp check --table"))
@table_option
def check(as_table: bool) -> None:
    """Say what is wrong with the deployment, and what to do. Exit status 1 if anything is."""
    checking = importlib.import_module("idp.running.check")
    try:
        findings = checking.examine(load_settings(os.environ))
    except SettingsError as error:
        findings = [checking.Finding("settings", checking.WRONG, problem, "") for problem in error.problems]
    show_many(map(asdict, findings), ("area", "level", "finding", "what_to_do"), as_table)
    wrong = sum(finding.level == checking.WRONG for finding in findings)
    if wrong:
        raise click.ClickException(f"{wrong} of {len(findings)} findings need you")
