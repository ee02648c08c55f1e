"""Every verb of the state store, ready to be called."""

from collections.abc import Callable

from idp.storage.state import Becomes, Event, Guard, Lane, Replaces, StateStore
from tests.support.state_worker import Fresh, open_simply

TOLD = [Event(b"told"), Event(b"again")]
NOTE = b"{}"


def verbs(state: StateStore, fresh: Fresh) -> dict[str, Callable[[], object]]:
    """Every verb, each on keys of its own that are ready for it."""
    session, doomed, left = (fresh("s") for _ in range(3))
    under, old, code, kept, cleared = (fresh(kind) for kind in ("access", "entry", "code", "entry", "entry"))
    owner = open_simply(state, session)
    open_simply(state, doomed)
    open_simply(state, left, {"head": b"h", "leg": b"l"})
    state.put_under(session, under, b"token", 60, NOTE)
    for plain in (old, kept, cleared):
        state.put(plain, b"old", 60)
    state.issue_under(session, Guard(), code, b"record", 60, 60, proof=b"proof")
    made = Becomes(fresh("access"), b"proof", 60, TOLD, through=fresh("access"))
    leaving = fresh("access")
    state.put_under(session, leaving, b"{}", 60)
    lanes = [Lane(fresh("lane"), 1, 60, 60, 60), Lane(fresh("lane"), 1, 60, 60, 60)]
    return {
        "put": lambda: state.put(fresh("entry"), b"value", 60, TOLD),
        "get": lambda: state.get(kept),
        "delete": lambda: state.delete(cleared, fresh("entry"), events=TOLD),
        "replace": lambda: state.replace(old, b"old", b"new", 60),
        "replace_nothing": lambda: state.replace(fresh("entry"), None, b"new", 60),
        "take_once": lambda: state.take_once(code, "mine", b"marker", 60, made),
        "advance": lambda: state.advance(fresh("step"), 5, 60),
        "admit": lambda: state.admit(lanes, 1000.0),
        "open_session": lambda: state.open_session(
            fresh("s"), owner, {"head": b"h"}, NOTE, 60, 60, Replaces(left, "leg", issued=60, must_live=True), TOLD
        ),
        "load_session": lambda: state.load_session(session, 60),
        "set_fields": lambda: state.set_fields(session, {"at": b"5"}, TOLD, ["absent"]),
        "end_session": lambda: state.end_session(doomed, TOLD),
        "sessions_of": lambda: state.sessions_of(owner),
        "issue_under": lambda: state.issue_under(
            session, Guard(("head",), (("at", 5),)), fresh("code"), b"record", 60, 60, ["head"], TOLD
        ),
        "put_under": lambda: state.put_under(session, fresh("access"), b"token", 60, NOTE, TOLD),
        "read_under": lambda: state.read_under(under, TOLD),
        "outlive": lambda: state.outlive(leaving, 60),
        "bury": lambda: state.bury(fresh("access"), 60, TOLD),
        "version": lambda: state.version("topic"),
        "bump": lambda: state.bump("topic"),
        "lease": lambda: state.lease(fresh("lease").name, "me", 60),
        "queue": lambda: state.queue("3", TOLD, NOTE),
        "queued": lambda: state.queued(1000),
        "ping": state.ping,
    }
