"""The shape of the whole: imports point one way, each library has one home, files and functions stay small."""

import ast
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.support import shape
from tests.support.homes import APART, COMPANIONS, LIBRARIES, Apart, Library
from tests.support.shape import Source

CHECKOUT = Path(__file__).parents[2]
OURS = shape.sources(CHECKOUT)
TABLE = (*LIBRARIES, *COMPANIONS)


def none(complaints: Iterable[str]) -> None:
    """Fail with all of them, one a line."""
    found = list(complaints)
    assert not found, "\n" + "\n".join(found)


def here(pattern: str) -> bool:
    """Whether a file of ours is what the pattern means."""
    return any(fnmatch(source.path, pattern) for source in OURS)


def test_the_four_layers_are_read() -> None:
    assert {"idp/__init__.py", "federation/__init__.py", "connectors/__init__.py", "admin/__init__.py"} <= {
        source.path for source in OURS
    }


def test_imports_point_one_way() -> None:
    none(complaint for source in OURS for complaint in shape.upward(source))


def test_each_library_is_imported_in_its_home_only() -> None:
    none(complaint for source in OURS for complaint in shape.homeless(source, TABLE))


def test_each_imported_library_has_a_home() -> None:
    none(complaint for source in OURS for complaint in shape.unknown(source, TABLE, sys.stdlib_module_names))


def test_every_home_is_there() -> None:
    homes = {pattern for library in TABLE if not library.awaited for pattern in library.homes}
    none(
        f"nothing is at {pattern}"
        for pattern in sorted(homes | {one for rule in APART for one in rule.but})
        if not here(pattern)
    )


def test_homes_that_are_awaited_are_not_there() -> None:
    none(f"{home} is there" for library in TABLE if library.awaited for home in library.homes if here(home))


def test_what_must_not_know_each_other_does_not() -> None:
    none(complaint for source in OURS for complaint in shape.together(source, APART))


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert not shape.cycle(OURS)


def test_files_and_functions_are_one_story_each() -> None:
    none(complaint for source in OURS for complaint in shape.overlong(source))


def test_every_package_opens_with_a_docstring() -> None:
    none(
        f"{source.path} has no docstring that says what lives there"
        for source in OURS
        if source.path.endswith("__init__.py") and not ast.get_docstring(ast.parse(source.text))
    )


def test_every_package_says_what_each_of_its_files_is() -> None:
    none(
        complaint
        for source in OURS
        if source.path.endswith("__init__.py") and "/migrations/" not in source.path
        for complaint in shape.unmapped(source, OURS)
    )


# The rules themselves, tried on made-up files: a rule that lets everything through would keep the tests above green.

ONE_HOME = (Library("redis", ("redis",), ("idp/storage/*",)),)

BREACHES = [
    (shape.upward, Source("federation/fetch.py", "from connectors import base")),
    (shape.upward, Source("connectors/ldap.py", "import idp.login")),
    (shape.upward, Source("idp/http.py", "def late():\n    import admin.console")),
    (shape.upward, Source("idp/http.py", "importlib.import_module('admin.console')")),
    (lambda source: shape.homeless(source, ONE_HOME), Source("idp/sessions.py", "import redis.cluster")),
    (lambda source: shape.homeless(source, ONE_HOME), Source("idp/sessions.py", "from redis import Redis")),
    (lambda source: shape.homeless(source, TABLE), Source("idp/running/check.py", "from urllib import request")),
    (lambda source: shape.unknown(source, TABLE, {"os"}), Source("idp/running/check.py", "import os, leftpad")),
    (lambda source: shape.together(source, APART), Source("idp/oidc/token.py", "from idp import saml")),
    (lambda source: shape.together(source, APART), Source("idp/saml/sso.py", "from ..oidc import client")),
    (lambda source: shape.together(source, APART), Source("idp/login/flow.py", "import idp.oidc.clients.client")),
    (
        lambda source: shape.together(source, APART),
        Source("idp/oidc/clients/client.py", "from idp.oidc import registration"),
    ),
    (
        lambda source: shape.together(source, APART),
        Source("idp/login/views/visit.py", "from idp.errors import OAuthError"),
    ),
    (lambda source: shape.together(source, APART), Source("federation/trust.py", "import flask")),
    (lambda source: shape.together(source, APART), Source("idp/http.py", "import tests.support")),
    (
        lambda source: shape.unmapped(source, [Source("idp/mail/post.py", ""), Source("idp/mail/box/__init__.py", "")]),
        Source("idp/mail/__init__.py", '"""outpost.py and box.py"""'),
    ),
    (shape.overlong, Source("idp/long.py", "\n" * (shape.LONGEST_FILE + 1))),
    (shape.overlong, Source("idp/long.py", "def long():\n" + "    pass\n" * shape.LONGEST_FUNCTION)),
]


@pytest.mark.parametrize(("rule", "source"), BREACHES, ids=[source.text[:30].strip() for _, source in BREACHES])
def test_a_breach_is_seen(rule: "shape.Rule", source: Source) -> None:
    assert len(list(rule(source))) >= 1


ALLOWED = [
    (shape.upward, Source("idp/app.py", "import admin")),
    (shape.upward, Source("admin/access.py", "import idp.citizens, connectors, federation")),
    (lambda source: shape.homeless(source, ONE_HOME), Source("idp/storage/redis.py", "import redis")),
    (lambda source: shape.homeless(source, ONE_HOME), Source("idp/running/check.py", "import redistribution")),
    (lambda source: shape.together(source, APART), Source("idp/demo/run.py", "import idp.demo.words")),
    (
        lambda source: shape.together(source, [Apart("idp/*", ("idp.oidc",), "")]),
        Source("idp/a.py", "import idp.oidcx"),
    ),
    (
        lambda source: shape.unmapped(source, [Source("idp/mail/post.py", ""), Source("idp/mail/box/__init__.py", "")]),
        Source("idp/mail/__init__.py", '"""`post.py`, box/ and no more."""'),
    ),
    (shape.overlong, Source("idp/just.py", "\n" * shape.LONGEST_FILE)),
    (shape.overlong, Source("idp/just.py", "def just():\n" + "    pass\n" * (shape.LONGEST_FUNCTION - 1))),
]


@pytest.mark.parametrize(("rule", "source"), ALLOWED, ids=[source.text[:30].strip() for _, source in ALLOWED])
def test_what_is_allowed_passes(rule: "shape.Rule", source: Source) -> None:
    assert list(rule(source)) == []


def test_a_circle_is_seen_and_a_late_import_is_none() -> None:
    one, other = Source("idp/one.py", "import idp.other"), Source("idp/other.py", "import idp.one")
    assert set(shape.cycle([one, other])) == {"idp.one", "idp.other"}
    assert shape.cycle([one, Source("idp/other.py", "def late():\n    import idp.one")]) == []
