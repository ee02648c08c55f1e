"""G. Regular expressions: no text that an outsider sends costs more than its length (ReDoS)."""

import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

import federation
import idp
from idp.logs import guarded

SIZE = 4_000
PIECES = (
    "a",
    "0",
    " ",
    "-",
    ".",
    "@",
    "a.",
    "a-",
    "0 ",
    "a@",
    "eyJ",
    "x" * 39 + " ",
    "/",
    "%41",
    "\t",
    "号",
    "?a=",
    "+1",
)
BOUND_SECONDS = 0.5
"""Of processor time: what else the machine does says nothing of a pattern."""


def patterns() -> Iterator[tuple[str, "re.Pattern[str]"]]:
    """Every compiled pattern that a module of ours holds, also inside a mapping."""
    for package in (idp, federation):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__") or ".migrations" in module.name or ".demo" in module.name:
                continue
            loaded = importlib.import_module(module.name)
            for name, value in vars(loaded).items():
                for each in value.values() if isinstance(value, dict) else (value,):
                    if isinstance(each, re.Pattern) and isinstance(each.pattern, str):
                        yield f"{module.name}.{name}", each


EVERY = dict(patterns())


def test_g_redos_the_patterns_are_found() -> None:
    assert len(EVERY) > 15


@pytest.mark.parametrize("name", EVERY)
def test_g_redos_no_pattern_is_slow(name: str) -> None:
    pattern = EVERY[name]
    for piece in PIECES:
        for end in ("", "!", "\n"):
            text = (piece * SIZE)[:SIZE] + end
            began = time.thread_time()
            pattern.fullmatch(text)
            pattern.search(text)
            assert time.thread_time() - began < BOUND_SECONDS, (piece, end)


@pytest.mark.parametrize("piece", PIECES)
def test_g_redos_a_long_log_message_is_guarded_in_time(piece: str) -> None:
    began = time.thread_time()
    guarded(piece * (300_000 // len(piece)))
    assert time.thread_time() - began < 1.0


@pytest.mark.parametrize("address", ["citizen@mail.example", "a" * 60 + "@mail.example", "x" * 300 + "@mail.example"])
def test_g_redos_the_guard_still_hides_an_address(address: str) -> None:
    assert address.partition("@")[0] not in guarded(f"to {address} now")
