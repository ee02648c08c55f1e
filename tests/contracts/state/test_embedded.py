"""What the embedded store alone must bear: forks, killed workers, a file that is not there, use that writes nothing."""

import contextlib
import fcntl
import multiprocessing
import os
import signal
import sqlite3
import stat
import threading
import time
from pathlib import Path

import pytest

from idp.clock import SystemClock
from idp.storage.embedded import EmbeddedState, database
from idp.storage.state import Event, Gone, Guard, Key, Replayed, StateUnavailable
from tests.support.clock import FrozenClock
from tests.support.parallel import together
from tests.support.state_worker import Fresh, contested, open_simply, write_without_end


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture
def state(path: Path, clock: FrozenClock) -> EmbeddedState:
    return EmbeddedState(path, clock)


def test_the_file_is_for_its_owner_alone(state: EmbeddedState, path: Path) -> None:
    state.bump("topic")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_the_file_has_small_pages_which_a_commit_writes_whole(state: EmbeddedState, path: Path) -> None:
    state.bump("topic")
    with contextlib.closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA page_size").fetchone() == (2_048,)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_many_may_open_a_new_file_at_once(path: Path, clock: FrozenClock) -> None:
    stores = [EmbeddedState(path, clock) for _ in range(12)]
    assert together([lambda store=store: store.bump("topic") for store in stores]) == [None] * 12
    assert stores[0].version("topic") == 12


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_load_leaves_both_sides_whole(state: EmbeddedState, fresh: Fresh) -> None:
    running, failures = True, []

    def load() -> None:
        while running:
            try:
                state.bump("load")
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    claims = [fresh("mark") for _ in range(10)]
    children = [_forked(state, key) for key in claims]
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 10
    running = False
    for thread in threads:
        thread.join()
    assert failures == []
    assert state.version("children") == 10 * 50
    for key in claims:
        with pytest.raises(Replayed):
            state.advance(key, 1, 60)


def _forked(state: EmbeddedState, key: Key) -> int:
    child = os.fork()
    if child == 0:
        try:
            state.advance(key, 1, 60)
            for _ in range(50):
                state.bump("children")
            os._exit(0)
        except BaseException:
            os._exit(1)
    return child


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_nothing_half_done(path: Path) -> None:
    state = EmbeddedState(path, SystemClock())
    spawn = multiprocessing.get_context("spawn")
    for turn in range(3):
        topic = f"turn {turn}"
        worker = spawn.Process(target=write_without_end, args=(f"sqlite:///{path}", topic))
        worker.start()
        while state.version(topic) < 50:
            time.sleep(0.01)
        assert worker.pid
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        written = state.version(topic)
        for number in range(written):
            assert state.load_session(contested(topic, "session", number), 3600) == {"number": b"%d" % number}
        assert state.load_session(contested(topic, "session", written + 1), 3600) == {}
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_folder_that_is_not_there_is_unavailable_until_it_is(tmp_path: Path, clock: FrozenClock) -> None:
    state = EmbeddedState(tmp_path / "later" / "state.sqlite", clock)
    with pytest.raises(StateUnavailable):
        state.ping()
    (tmp_path / "later").mkdir()
    state.ping()


def test_a_file_that_is_something_else_is_unavailable(path: Path, clock: FrozenClock) -> None:
    path.write_bytes(b"not a database, and long enough to be looked at as one" * 100)
    with pytest.raises(StateUnavailable):
        EmbeddedState(path, clock).ping()


def test_a_writer_that_never_ends_makes_others_unavailable_and_not_wait_for_ever(
    state: EmbeddedState, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    state.bump("topic")
    with path.with_name(path.name + "-turn").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with pytest.raises(StateUnavailable):
            state.bump("topic")
        assert state.version("topic") == 1  # reading goes on
    state.bump("topic")
    assert state.version("topic") == 2


def test_using_a_session_again_at_once_writes_nothing(state: EmbeddedState, path: Path, fresh: Fresh) -> None:
    session = fresh("session")
    open_simply(state, session)
    log = path.with_name(path.name + "-wal")
    before = log.stat().st_size
    for _ in range(100):
        state.load_session(session, 3600)
    assert log.stat().st_size == before


@pytest.mark.parametrize(("ttl", "slack"), [(3600, 5), (20, 2)])
def test_a_session_ends_no_more_than_the_slack_early_and_never_late(
    state: EmbeddedState, clock: FrozenClock, fresh: Fresh, ttl: int, slack: int
) -> None:
    session = fresh("session")
    state.open_session(session, fresh("owner"), {"head": b"h"}, b"", ttl, ttl)
    clock.advance(slack)
    assert state.load_session(session, ttl)  # moves too little to be written
    clock.advance(ttl - slack - 0.1)
    assert state.load_session(session, ttl)
    clock.advance(ttl - 0.1)
    assert state.load_session(session, ttl)
    clock.advance(ttl)
    assert state.load_session(session, ttl) == {}


def test_purge_removes_what_expired_in_small_batches(
    state: EmbeddedState, path: Path, clock: FrozenClock, fresh: Fresh
) -> None:
    session, kept = fresh("session"), fresh("entry")
    state.put(kept, b"kept", 1000)
    open_simply(state, session)
    for number in range(25):
        state.issue_under(session, Guard(), Key("a", "code", f"{number}"), b"record", 10, 60)
    clock.advance(61)
    assert [state.purge(10) for _ in range(4)] == [10, 10, 6, 0]
    assert state.get(kept) == b"kept"
    left = sqlite3.connect(path).execute("SELECT (SELECT count(*) FROM entries), (SELECT count(*) FROM sessions)")
    assert left.fetchone() == (1, 0)


def test_positions_go_on_after_the_file_was_lost(path: Path, clock: FrozenClock) -> None:
    first = EmbeddedState(path, clock)
    first.queue("a", [Event(b"1")])
    (before,) = first.queued(1)
    first.close()
    for file in path.parent.iterdir():
        file.unlink()
    clock.advance(1)
    second = EmbeddedState(path, clock)
    second.queue("a", [Event(b"2")])
    (after,) = second.queued(1)
    assert int(after.position) > int(before.position)


def test_what_expired_is_as_if_it_had_never_been_before_it_is_purged(
    state: EmbeddedState, clock: FrozenClock, fresh: Fresh
) -> None:
    session, token, mark = fresh("session"), fresh("access"), fresh("mark")
    open_simply(state, session)
    state.put_under(session, token, b"old", 10)
    state.advance(mark, 1, 10)
    clock.advance(10)
    with pytest.raises(Gone):
        state.read_under(token)
    state.put_under(session, token, b"new", 10)
    state.advance(mark, 1, 10)
    assert state.read_under(token).value == b"new"
