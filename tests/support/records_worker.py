"""What other processes do to the records in contract tests: functions that a fresh process can import."""

from collections import Counter
from collections.abc import Mapping

from idp.secrets import SystemRandomness
from idp.storage.records.audit import AuditEvent
from idp.storage.records.errors import NotFound
from idp.storage.records.families import RefreshReused
from idp.storage.records.keys import StoredKey
from idp.storage.records.records import Records, open_records
from idp.vault import MasterKeys, Vault


def rotate_keys(url: str, name: str, times: int) -> None:
    records = open_records(url)
    vault = Vault(MasterKeys.parse(MasterKeys.generate(SystemRandomness(), 0)), SystemRandomness())
    for turn in range(times):
        kid = f"{name}-{turn}"
        records.keys.rotate("ES256", StoredKey(kid, "ES256", "next", vault.seal(b"", kid), b"{}", turn), turn)
    records.close()


def key_states(url: str) -> Mapping[str, int]:
    records = open_records(url)
    found = Counter(key.state for key in records.keys.all())
    records.close()
    return dict(found)


def use_codes(url: str, citizen_id: str, digests: list[str]) -> list[str]:
    """Which of the codes this process won."""
    records = open_records(url)
    won = [digest for digest in digests if _used(records, citizen_id, digest)]
    records.close()
    return won


def _used(records: Records, citizen_id: str, digest: str) -> bool:
    try:
        records.credentials.use_recovery_code(citizen_id, digest, 1)
    except NotFound:
        return False
    return True


def rotate_token(url: str, family_id: str, presented: str, successor: str) -> str:
    """What came of presenting a token without grace."""
    records = open_records(url)
    try:
        records.families.rotate(family_id, presented, successor, 1000, -1)
    except (NotFound, RefreshReused) as error:
        return type(error).__name__
    finally:
        records.close()
    return "rotated"


def append_events(url: str, shard: str, batches: int) -> None:
    records = open_records(url)
    for batch in range(batches):
        events = [
            AuditEvent(shard, f"{batch:04}-{number}", 1, "login:success", None, None, None, "{}") for number in range(5)
        ]
        records.audit.append(events)
    records.close()
