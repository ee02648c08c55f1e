"""State stores as the provider opens them, each in a wrapper of the test's."""

from collections.abc import Callable
from typing import Generic, TypeVar

from idp.clock import Clock
from idp.storage.open import open_state
from idp.storage.state import StateStore

Wrapped = TypeVar("Wrapped")


class WrappedStates(Generic[Wrapped]):
    """Opens them, where `open_state` is handed in; `opened` are those it opened, in order."""

    def __init__(self, wrap: Callable[[StateStore], Wrapped]) -> None:
        self._wrap = wrap
        self.opened: list[Wrapped] = []

    def __call__(self, url: str, clock: Clock) -> Wrapped:
        self.opened.append(self._wrap(open_state(url, clock)))
        return self.opened[-1]
