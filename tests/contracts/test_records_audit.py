"""Audit events: stored once, in their order, found by what they are about."""

from idp.storage.records.audit import AuditEvent
from idp.storage.records.records import Records
from tests.support import records_worker
from tests.support.parallel import errors, in_processes, together


def made(position: int, shard: str = "0", event: str = "login:success", at: int = 100, **about: str) -> AuditEvent:
    return AuditEvent(
        shard,
        f"{position:05}",
        at,
        event,
        about.get("citizen_id"),
        about.get("client_id"),
        about.get("reference"),
        f'{{"n":{position}}}',
    )


def test_events_are_kept_in_the_order_they_came(records: Records) -> None:
    batch = [made(number) for number in (3, 1, 2)]
    records.audit.append(batch)
    records.audit.append([made(4)])
    stored = records.audit.tail(0, 10)
    assert [each.event for each in stored] == [*batch, made(4)]
    assert [each.seq for each in stored] == sorted(each.seq for each in stored)
    assert records.audit.last_seq() == stored[-1].seq


def test_an_empty_trail(records: Records) -> None:
    records.audit.append([])
    assert records.audit.tail(0, 10) == []
    assert records.audit.last_seq() == 0


def test_a_batch_that_comes_again_adds_nothing(records: Records) -> None:
    records.audit.append([made(1), made(2)])
    records.audit.append([made(1), made(2), made(3)])
    assert [each.event.position for each in records.audit.tail(0, 10)] == ["00001", "00002", "00003"]


def test_positions_are_counted_in_each_shard(records: Records) -> None:
    records.audit.append([made(1, shard="a"), made(1, shard="b")])
    assert len(records.audit.tail(0, 10)) == 2


def test_a_reader_goes_on_where_it_stopped(records: Records) -> None:
    records.audit.append([made(number) for number in range(25)])
    seen: list[str] = []
    after = 0
    while page := records.audit.tail(after, 10):
        assert len(page) <= 10
        seen += [each.event.position for each in page]
        after = page[-1].seq
    assert seen == [f"{number:05}" for number in range(25)]


def test_a_search_combines_all_that_is_given(records: Records) -> None:
    records.audit.append(
        [
            made(1, at=100, citizen_id="ada", client_id="portal"),
            made(2, at=200, citizen_id="ada", event="login:failure"),
            made(3, at=300, citizen_id="bob", client_id="portal", reference="R-1"),
            made(4, at=400, citizen_id="ada", client_id="portal"),
        ]
    )

    def found(**by: str | int) -> list[str]:
        return [each.event.position[-1] for each in records.audit.search(**by)]  # type: ignore[arg-type]

    assert found() == ["1", "2", "3", "4"]
    assert found(citizen_id="ada") == ["1", "2", "4"]
    assert found(citizen_id="ada", client_id="portal") == ["1", "4"]
    assert found(event="login:failure") == ["2"]
    assert found(reference="R-1") == ["3"]
    assert found(since=200, until=400) == ["2", "3"]
    assert found(citizen_id="ada", since=101) == ["2", "4"]
    assert found(citizen_id="ada", limit=1) == ["4"]
    assert found(citizen_id="ada", limit=2) == ["2", "4"]
    assert found(citizen_id="nobody") == []


def test_parallel_writers_of_the_same_events_store_each_once(records: Records) -> None:
    batch = [made(number) for number in range(50)]
    assert errors(together([lambda: records.audit.append(batch)] * 4)) == []
    assert [each.event for each in records.audit.tail(0, 1000)] == batch


def test_processes_that_write_at_once_lose_nothing(records: Records, records_url: str) -> None:
    in_processes(records_worker.append_events, [(records_url, shard, 10) for shard in "abc"])
    stored = records.audit.tail(0, 1000)
    assert len(stored) == 150
    for shard in "abc":
        positions = [each.event.position for each in stored if each.event.shard == shard]
        assert positions == sorted(positions)
