"""The codes of citizens: one each, until it is replaced or given up."""

from idp.storage.records.records import Records
from idp.vault import Vault
from tests.support.citizens import enrolment


def test_a_citizen_has_one_code_at_most(records: Records, vault: Vault) -> None:
    for name in ("ada", "bob"):
        records.citizens.add(enrolment(vault, name, number=f"N-{name}"))
    assert records.citizen_codes.find("ada") is None
    records.citizen_codes.save("ada", "1" * 64)
    records.citizen_codes.save("bob", "2" * 64)
    records.citizen_codes.save("ada", "3" * 64)
    assert records.citizen_codes.find("ada") == "3" * 64
    records.citizen_codes.remove("ada")
    records.citizen_codes.remove("ada")
    assert records.citizen_codes.find("ada") is None
    assert records.citizen_codes.find("bob") == "2" * 64
