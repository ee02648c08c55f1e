"""The housekeeper of a real service tells portals what nobody waits for, and an operator sees it."""

import json
from pathlib import Path

import pytest

from tests.support.listener import listening
from tests.support.processes import wait_until
from tests.support.serving import run, served


@pytest.mark.slow
def test_a_session_that_another_citizen_takes_the_place_of_ends_at_its_portals(tmp_path: Path) -> None:
    with listening() as listener, served(tmp_path, IDP_OUTBOUND_ALLOW=listener.place) as running:
        provider = running.provider
        client, visitor = provider.client(backchannel_logout_uri=listener.url), provider.visitor()
        first, second = provider.citizen(), provider.citizen()
        visitor.arrive(client, first)
        visitor.password(visitor.authorize(client, prompt="login"), second)
        wait_until(lambda: len(listener.told) == 1, running.process)

        logouts = provider.services.records.logouts
        wait_until(lambda: [each.state.value for each in logouts.search()] == ["delivered"], running.process)
        [line] = json.loads(run(running.environment, "logout", "list", "--citizen", first.number).stdout)
        assert (line["client_id"], line["reason"], line["tries"]) == (client.id, "replaced", 1)
