"""From an address to a store: every form that is understood works, every other is refused without being quoted."""

from pathlib import Path

import pytest

from idp.clock import SystemClock
from idp.storage.open import open_state
from idp.storage.state import Event, Gone, Guard, Issued, StateUnavailable
from tests.support.clock import FrozenClock
from tests.support.processes import free_port
from tests.support.state_worker import Fresh, drain, open_simply

REFUSED = [
    "",
    "state.sqlite",
    "sqlite://",
    "sqlite:///",
    "sqlite://host/path",
    "postgresql://host/geheim",
    "http://user:geheim@host",
    "redis://",
    "redis:///0",
    "redis://user:geheim@host/name",
    "redis://user:geheim@host:port/0",
    "redis://user:geheim@host:70000/0",
    "redis://user:geheim@one,two/0",
    "redis://user:geheim@host/0?socket_timeout=100",
    "redis://user:geheim@host/0?ca=/ca.pem",
    "redis+sentinel://user:geheim@host",
    "redis+sentinel://user:geheim@host/service/name",
    "redis+sentinel://user:geheim@host,/service/0",
    "redis+cluster://user:geheim@host/1",
    "redis+other://user:geheim@host",
    "memory://",
]


@pytest.mark.parametrize("url", REFUSED)
def test_any_other_address_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is looked at below
        open_state(url, SystemClock())
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster"])
def test_a_store_that_is_away_shows_at_the_first_verb(scheme: str) -> None:
    path = "/mymaster/0" if "sentinel" in scheme else ""
    store = open_state(f"{scheme}://user:geheim@127.0.0.1:{free_port()}{path}", SystemClock())
    with pytest.raises(StateUnavailable) as away:
        store.ping()
    assert "geheim" not in str(away.value)
    store.close()


def test_an_sqlite_address_is_relative_or_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FrozenClock
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "大厅").mkdir()
    open_state("sqlite:///relative.sqlite", clock).ping()
    open_state(f"sqlite:///{tmp_path}/%E5%A4%A7%E5%8E%85/state.sqlite", clock).ping()
    assert (tmp_path / "relative.sqlite").exists()
    assert (tmp_path / "大厅" / "state.sqlite").exists()


def test_the_master_behind_a_sentinel(redis_sentinel_url: str, fresh: Fresh) -> None:
    state = open_state(redis_sentinel_url, SystemClock())
    drain(state)
    session, code, token = fresh("session"), fresh("code"), fresh("access")
    open_simply(state, session, note=b"note")
    assert isinstance(state.issue_under(session, Guard(("head",)), code, b"record", 60, 60, ["head"]), Issued)
    assert state.take_once(code, "mine", b"", 60).fields == {"head": b"h"}
    state.put_under(session, token, b"token", 60, b"note", [Event(b"1")])
    assert state.read_under(token, [Event(b"2")]).value == b"token"
    state.end_session(session)
    with pytest.raises(Gone):
        state.read_under(token)
    assert [queued.event for queued in drain(state)] == [b"1", b"2"]
    state.close()
