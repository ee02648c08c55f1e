"""State stores as the provider opens them, each in a wrapper of the test's."""

from collections.abc import Callable
from typing import TypeVar

import pytest

import idp.services
from idp.storage.state import StateStore

Wrapped = TypeVar("Wrapped")


def wrapped_states(monkeypatch: pytest.MonkeyPatch, wrap: Callable[[StateStore], Wrapped]) -> list[Wrapped]:
    """Those that are opened from now on, in order."""
    opened: list[Wrapped] = []
    honest = idp.services.open_state

    def open_state(*arguments: object) -> Wrapped:
        opened.append(wrap(honest(*arguments)))
        return opened[-1]

    monkeypatch.setattr(idp.services, "open_state", open_state)
    return opened
