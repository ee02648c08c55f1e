"""The four programs of the demo, and the settings the provider runs with."""

import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from idp.demo.children import Program
from idp.demo.places import HOST, Places
from idp.demo.themes import THEMES, AsksBySaml

LOOPBACK = "127.0.0.1"


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would change a program behind the demo's back."""
    return {name: value for name, value in environ.items() if not name.startswith(("IDP_", "GRANIAN_"))}


def command() -> Path:
    """The `idp` of this very environment."""
    return Path(sysconfig.get_path("scripts")) / "idp"


def provider_settings(places: Places) -> dict[str, str]:
    """On embedded stores, where nothing else is said."""
    return {
        "IDP_ISSUER": places.issuer,
        "IDP_DATA_DIR": str(places.data_dir),
        # back-channel logout calls the portals, and loopback addresses are closed to outgoing calls otherwise
        "IDP_OUTBOUND_ALLOW": ",".join(f"{HOST}:{places.portal_port(number)}" for number in range(len(THEMES))),
    }


def provider(places: Places, environ: Mapping[str, str], settings: Mapping[str, str]) -> Program:
    """`settings` are its `IDP_*` variables, all of them."""
    return Program(
        name="the identity provider",
        command=[str(command()), "serve", "--host", LOOPBACK, "--port", str(places.port)],
        environment=clean(environ) | dict(settings),
        log=places.log("provider"),
        answers_at=f"{places.issuer}/readyz",
    )


def portal(places: Places, number: int, environ: Mapping[str, str]) -> Program:
    """Granian by its command: one process with the sessions, and threads for parallel visitors."""
    theme = THEMES[number]
    module = "saml_portal" if isinstance(theme.asks, AsksBySaml) else "portal"
    port = str(places.portal_port(number))
    options = ["--host", LOOPBACK, "--port", port, "--workers", "1", "--blocking-threads", "4"]
    stopping = ["--workers-kill-timeout", "2"]
    return Program(
        name=f"portal {theme.letter}",
        command=[
            *(sys.executable, "-m", "granian", "--interface", "wsgi", *options, *stopping),
            *("--factory", f"idp.demo.{module}:from_environment"),
        ],
        environment=clean(environ) | {"CITIZEN_PORTAL_FILE": str(places.portal_file(number))},
        log=places.log(f"portal-{theme.letter.lower()}"),
        answers_at=f"{places.portal_url(number)}/healthz",
    )
