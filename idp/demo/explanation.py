"""What the terminal shows once all is running: addresses, people, and how to get a code."""

import os
import shlex
import sys
from collections.abc import Mapping

from idp.columns import GAP, cells, table
from idp.demo.authenticator import code_at, seconds_left
from idp.demo.citizens import PEOPLE, Credentials
from idp.demo.places import Places
from idp.demo.programs import command, provider_settings
from idp.demo.themes import THEMES

NONE = "-"
WIDEST_NAME = 24
"""Cells: a longer name would make every line of the table too long for a terminal, so it pushes its own line alone."""


def explanation(places: Places, credentials: Mapping[str, Credentials], now: float) -> str:
    return "\n".join(
        [
            "",
            *_indented(table(_addresses(places))),
            "",
            *_indented(_people(credentials)),
            "",
            *_indented(_codes(credentials, now)),
            *_indented(_verbs(places)),
            f"  Logs: {os.path.relpath(places.log('provider').parent)}",
            "  Stop with Ctrl-C; `make clean` removes the data.",
            "",
        ]
    )


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _addresses(places: Places) -> list[list[str]]:
    portals = [
        [f"门户 Portal {theme.letter}", theme.name.chinese, theme.name.english, places.portal_url(number)]
        for number, theme in enumerate(THEMES)
    ]
    return [["公民统一身份认证", "身份提供方", "Identity provider", places.issuer], *portals]


def _people(credentials: Mapping[str, Credentials]) -> list[str]:
    """One citizen a line: name, number and password come first and are never empty, whatever follows them."""
    head = ["姓名 Name", "号码 Number", "密码 Password", "手机 Phone", "说明 Note"]
    rows = [
        [person.name, person.number, credentials[person.number].password, person.phone or NONE, person.note]
        for person in PEOPLE
    ]
    long = [GAP.join(row).rstrip() for row in rows if cells(row[0]) > WIDEST_NAME]
    return [*table([head, *(row for row in rows if cells(row[0]) <= WIDEST_NAME)]), *long]


def _verbs(places: Places) -> list[str]:
    """How to be this demo's operator in another terminal."""
    settings = provider_settings(places)
    return [
        "An operator's verbs, in another terminal:",
        f"  export PATH={shlex.quote(str(command().parent))}:$PATH",
        f"  export {' '.join(f'{name}={shlex.quote(value)}' for name, value in settings.items())}",
        "  idp audit tail",
    ]


def _codes(credentials: Mapping[str, Credentials], now: float) -> list[str]:
    python = os.path.relpath(sys.executable)
    return [
        line
        for person in PEOPLE
        if (secret := credentials[person.number].totp_secret)
        for line in (
            f"{person.name}: 验证码密钥 TOTP secret {secret}, for an authenticator app.",
            f"  The code is {code_at(secret, now)} for {seconds_left(now)} s; another by:",
            f"  {python} -m idp.demo.authenticator {secret}",
        )
    ]
