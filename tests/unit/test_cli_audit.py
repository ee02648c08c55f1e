"""`idp audit`: the trail as JSON lines."""

import time
from typing import Any

from tests.support.shell import Idp


def test_tail_shows_the_last_events(idp: Idp) -> None:
    for _ in range(3):
        idp("key", "rotate", "--alg", "ES256")
    assert [each["seq"] for each in idp("audit", "tail", "-n", "2").lines] == [2, 3]
    assert idp("audit", "tail", "-n", "0").out == ""


def test_search_by_time(idp: Idp, citizen: dict[str, Any]) -> None:
    now = int(time.time())
    assert len(idp("audit", "search", "--since", str(now - 60), "--until", "2100-01-01").lines) == 1
    assert idp("audit", "search", "--since", "2100-01-01T00:00:00+08:00").lines == []
