"""The bench cannot rot: its floor and its provider run, its clients walk, its table says what was found."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import clients, pysaml, wrk
from tests.bench.calling import calling
from tests.bench.load import drive, once
from tests.bench.machine import Processors, memory
from tests.bench.metadata import federation, federation_line
from tests.bench.provider import ALGORITHMS, arriving, provider
from tests.bench.report import Row, memory_line, table
from tests.bench.rounds import Side, compare
from tests.bench.serving import floor
from tests.bench.turns import PORTALS, driver, measured, turning, turns_report, with_pysaml2
from tests.bench.walks import Place, WrongAnswer, hashing, hop
from tests.support.provider import Provider

SECONDS = 0.2


def test_the_floor_and_we_are_walked_by_the_same_clients(tmp_path: Path) -> None:
    usable = sorted(os.sched_getaffinity(0))
    processors = Processors(usable[-1], usable[0])
    folder = tmp_path / "embedded"
    folder.mkdir()
    with (
        floor(tmp_path, processors) as (port, worker),
        provider(folder, processors, None, citizens=2, browsers=2, say=print) as ours,
    ):
        cookie = ours.cookies[0]
        for alg in ALGORITHMS:
            place, bare = ours.places[alg], Place(port, alg, "secret")
            found = compare(
                Side(lambda seconds, bare=bare: drive(bare.port, lambda: hop(bare, cookie), 2, seconds), worker),
                Side(
                    lambda seconds, place=place: drive(place.port, lambda: hop(place, cookie), 2, seconds), ours.worker
                ),
                rounds=1,
                seconds=SECONDS,
            )
            assert found.floor.latencies
            assert found.ours.latencies
            assert f"hops {alg}" in table([Row("embedded", alg, found)])
        once(ours.port, arriving(ours.places["ES256"], ours.people[1], {}))
        once(port, hashing(Place(port, "", "")))
        if wrk.present():
            assert wrk.hops(ours.places["ES256"], ours.cookies, connections=2, seconds=1).latencies
        used = memory(ours.worker)
        assert 10 < used.proportional <= used.resident < 1_000
        assert f"RSS {used.resident:6.1f} MiB" in memory_line("embedded", used)
        with pytest.raises(WrongAnswer):
            once(ours.port, hop(ours.places["ES256"], "idp-session=nobodys"))


def test_what_servers_ask_is_walked_too(tmp_path: Path) -> None:
    usable = sorted(os.sched_getaffinity(0))
    with calling(tmp_path, Processors(usable[-1], usable[0]), None, 2, print) as (ours, walks):
        assert set(walks) == {"FAPI 2.0 hops", "introspections", "refreshes", "registrations"}
        for walk in walks.values():
            assert drive(ours.port, walk, 2, SECONDS).latencies


def test_turns_of_saml_are_walked_too_and_so_is_their_floor(tmp_path: Path) -> None:
    usable = sorted(os.sched_getaffinity(0))
    processors, by = Processors(usable[-1], usable[0]), driver(by_wrk=False, connections=2)
    with (
        floor(tmp_path, processors) as bare,
        turning(tmp_path, processors, None, 2, print) as found,
    ):
        rows = list(measured("embedded", found, bare, by, rounds=1, seconds=SECONDS))
        assert {row.measured for row in rows} == set(PORTALS)
        assert all(side.latencies for row in rows for side in (row.limit, row.floor, row.ours))
        one = found[1][0]
        if wrk.present():
            assert driver(by_wrk=True, connections=2)(one, 1).latencies
        with pytest.raises(WrongAnswer):
            drive(one.port, replace(one, cookies=["idp-session=nobodys"]).turns(), 1, SECONDS)
    theirs = with_pysaml2(tmp_path, 0)
    assert (theirs is not None) is pysaml.present()
    assert all(row.measured in turns_report(rows, [], theirs) for row in rows)


def test_metadata_in_bulk_is_metadata(tmp_path: Path) -> None:
    usable = sorted(os.sched_getaffinity(0))
    found = federation(tmp_path, 3, Processors(usable[-1], usable[0]), print)
    assert (found.members, found.missed) == (3, False)
    assert 10 < found.after.resident < 1_000
    assert not replace(found, seconds=2.0, members=1_850).missed
    assert replace(found, seconds=2.1, members=1_850).missed
    assert not replace(found, seconds=10.0, members=10_000).missed
    assert replace(found, seconds=11.0, members=10_000).missed
    assert replace(found, microseconds=1_001.0).missed
    assert "metadata of 3 service providers, 0.0 MB: refreshed in" in federation_line(found)


def test_clients_in_bulk_are_clients(provider: Provider) -> None:
    ids = clients.add(provider.services, 3)
    assert [provider.services.directory.get(each).client_id for each in ids] == list(ids)  # type: ignore[union-attr]
    assert clients.look_up(provider.services, ids) > 0
