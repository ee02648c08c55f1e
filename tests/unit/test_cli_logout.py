"""`idp logout`: the ledger for an operator."""

from typing import Any

import pytest

from idp.config import load_settings
from idp.saml.service_provider import party_id_of
from idp.storage.records.logouts import Duty, LogoutState, Settled
from idp.storage.records.records import open_records
from tests.support.shell import NUMBER, Idp

SESSION = "ab" * 32


@pytest.fixture
def ledger(idp: Idp, citizen: dict[str, Any], tmp_path: Any) -> None:
    directory = str(tmp_path / "var")
    records = open_records(load_settings({"IDP_ISSUER": "http://localhost", "IDP_DATA_DIR": directory}).records_url)
    one = Duty(SESSION, "one", citizen["id"], "c" * 64, "signed_out", 1_800_000_000)
    other = Duty("cd" * 32, "two", "somebody-else-0001", "c" * 64, "suspended", 1_800_000_100)
    records.logouts.owe([(one, one.ended_at), (other, other.ended_at)])
    records.logouts.settle([Settled(one, LogoutState.FAILED, "timeout", 1_800_000_005, 1_800_000_015)])
    records.close()


@pytest.mark.usefixtures("ledger")
def test_the_ledger_is_listed_as_asked(idp: Idp, citizen: dict[str, Any]) -> None:
    assert [each["client_id"] for each in idp("logout", "list").json] == ["two", "one"]
    assert idp("logout", "list", "--citizen", NUMBER, "--client", "one", "--state", "failed").json == [
        {
            "session": SESSION,
            "client_id": "one",
            "citizen_id": citizen["id"],
            "reason": "signed_out",
            "ended_at": "2027-01-15T08:00:00+00:00",
            "state": "failed",
            "tries": 1,
            "error": "timeout",
            "tried_at": "2027-01-15T08:00:05+00:00",
            "next_try_at": "2027-01-15T08:00:15+00:00",
        }
    ]
    assert idp("logout", "list", "--state", "delivered").json == []
    assert len(idp("logout", "list", "--limit", "1", "--table").out.splitlines()) == 2


@pytest.mark.usefixtures("ledger")
def test_one_session_is_shown_with_all_its_portals(idp: Idp) -> None:
    assert [each["client_id"] for each in idp("logout", "show", SESSION).json] == ["one"]
    idp("logout", "show", "unknown").said("no such session")
    assert idp("logout", "list", "--state", "nonsense").status == 2


@pytest.mark.usefixtures("citizen")
def test_a_service_provider_is_found_by_its_entity_id(idp: Idp, tmp_path: Any) -> None:
    settings = load_settings({"IDP_ISSUER": "http://localhost", "IDP_DATA_DIR": str(tmp_path / "var")})
    records, entity_id = open_records(settings.records_url), "https://portal.example/saml"
    duty = Duty(SESSION, party_id_of(entity_id), "somebody-else-0001", "c" * 64, "signed_out", 1_800_000_000, "p")
    records.logouts.owe([(duty, duty.ended_at)])
    records.close()
    assert [each["client_id"] for each in idp("logout", "list", "--client", entity_id).json] == [duty.client_id]
    assert idp("logout", "list", "--client", f"{entity_id}/other").json == []
