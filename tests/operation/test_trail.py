"""What the audit trail says of a hop: who, at which relying party, what it reached; names and never values."""

import json
from pathlib import Path

from idp.audit.writer import AuditWriter
from tests.support.known import acquainted
from tests.support.provider import running_provider, settings_for


def test_a_hop_is_told_in_three_events_that_name_the_citizen_the_client_and_what_was_granted(tmp_path: Path) -> None:
    with running_provider(settings_for(tmp_path)) as provider:
        services = provider.services
        writer = AuditWriter(services.state, services.records.audit, "test")
        known = acquainted(provider)
        writer.move()
        last = max(each.seq for each in services.records.audit.search(limit=1_000))
        assert provider.userinfo(known.tokens(scope="openid profile")["access_token"]).status_code == 200
        writer.move()
        hop = [each.event for each in services.records.audit.tail(last)]
        assert sorted(each.event for each in hop) == ["sso:granted", "token:issued", "userinfo:released"]
        for each in hop:
            facts = json.loads(each.document)
            assert (each.citizen_id, each.client_id) == (known.person.citizen.id, known.client.id)
            assert (facts["scopes"], facts["claims"]) == (["openid", "profile"], [])


def test_what_was_narrowed_since_it_was_asked_is_told_as_it_was_granted(tmp_path: Path) -> None:
    """The request names `phone`; the citizen left it out."""
    with running_provider(settings_for(tmp_path)) as provider:
        services = provider.services
        client = provider.client(scope="openid profile phone", optional_scopes=["phone"])
        person, visitor = provider.citizen(), provider.visitor()
        page = visitor.authorize(client, scope="openid profile phone")
        visitor.submit(visitor.password(page, person), "decision", decision="allow", item=[])
        AuditWriter(services.state, services.records.audit, "test").move()
        told = {each.event.event: json.loads(each.event.document) for each in services.records.audit.search(limit=50)}
        assert told["sso:granted"]["scopes"] == ["openid", "profile"]
