"""A store, or another collaborator of the provider, in which something happens at the worst moment: between one verb
and the next."""

from collections.abc import Callable
from typing import Any


class Interposed:
    """Passes everything on to `collaborator`. What is set as `before` or `after` a verb happens once, at its next
    call."""

    def __init__(self, collaborator: object) -> None:
        self._collaborator = collaborator
        self.before: dict[str, Callable[[], object]] = {}
        self.after: dict[str, Callable[[], object]] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        verb = getattr(self._collaborator, name)

        def interposed(*arguments: Any, **named: Any) -> Any:
            self.before.pop(name, lambda: None)()
            answer = verb(*arguments, **named)
            self.after.pop(name, lambda: None)()
            return answer

        return interposed
