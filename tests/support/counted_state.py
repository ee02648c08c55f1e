"""A state store that notes which verbs were called: budgets are asserted in counts, which are exact."""

from collections.abc import Callable
from typing import Any

from idp.storage.state import StateStore


class CountedState:
    """Passes everything on to `store`."""

    def __init__(self, store: StateStore) -> None:
        self._store = store
        self.verbs: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self._store, name)

        def noted(*arguments: Any, **named: Any) -> Any:
            self.verbs.append(name)
            return verb(*arguments, **named)

        return noted
