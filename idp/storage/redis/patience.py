"""What to do about a server that takes questions and does not answer: one caller at a time waits for it, and the others
are told at once. Else all threads of a worker would stand waiting, and every request behind them for many seconds.
"""

import time
from collections.abc import Callable
from typing import Final

from redis import exceptions

from idp.storage.redis.connections import Answer, Word

PAUSE_SECONDS: Final = 0.25
"""After a question that nobody answered, before the next is asked."""
ASKING_SECONDS: Final = 5.0
"""How long the one who asks may take, both tries together; should he vanish, another asks after that."""


class Patience:
    def __init__(self) -> None:
        self._silent_until = 0.0

    def ask(self, exchange: Callable[[tuple[Word, ...]], Answer], words: tuple[Word, ...]) -> Answer:
        """The answer of `exchange`. Raises what that raises, or `redis.exceptions.TimeoutError` at once."""
        if self._silent_until:
            self._take_the_turn()
        try:
            reply = exchange(words)
        except exceptions.TimeoutError:
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            raise
        except BaseException:
            self._silent_until = 0.0  # it answers, whatever it says
            raise
        self._silent_until = 0.0
        return reply

    def _take_the_turn(self) -> None:
        now = time.monotonic()
        if now < self._silent_until:
            raise exceptions.TimeoutError("somebody else waits for the answer")
        self._silent_until = now + ASKING_SECONDS
