"""What a browser still has to do at a sign-out: the service providers that only it can tell, one after the other.

Kept in the state store under an id that stands in our own addresses, and bound to the browser by its cookie, of which
it keeps the digest. The id of each request names the journey and the step, so that an answer finds both. A step is
taken by `replace`: of two answers, or two tabs, one goes on.
"""

from dataclasses import dataclass, replace
from typing import Final

from idp.codec import decode, encode
from idp.leaving.farewell import Farewell
from idp.leaving.ledger import VISIT_SECONDS
from idp.saml.addresses import SLO_ANSWER
from idp.saml.leaving.messages import kinds
from idp.secrets import Randomness, digest, equal, mint_anywhere, shard_of
from idp.storage.records.logouts import Duty
from idp.storage.state import Gone, Key, StateStore

SECONDS: Final = VISIT_SECONDS
"""From each step to the next."""


@dataclass(frozen=True, slots=True)
class Asking:
    """The service provider that began, and what its answer needs."""

    party_id: str
    request_id: str
    binding: str
    relay_state: str | None


@dataclass(frozen=True, slots=True)
class Stop:
    """One request to one service provider, with the kind of name that it knows the citizen by."""

    duty: Duty
    kind: str

    @property
    def party_id(self) -> str:
        return self.duty.client_id


@dataclass(frozen=True, slots=True)
class Journey:
    """`ahead` begins with the stop that the browser is at, or to be sent to; it is the `step`-th, and the browser was
    `sent` there so often. `in_form`: the browser follows a form, and goes only where that form's page let it."""

    id: str
    browser: str
    farewell: Farewell
    ahead: tuple[Stop, ...]
    asking: Asking | None = None
    step: int = 0
    sent: int = 0
    in_form: bool = False

    @property
    def request_id(self) -> str:
        """Of the request that the browser takes to the present stop."""
        return f"_{self.id}.{self.step}"

    def departed(self, in_form: bool) -> "Journey":
        """The browser is sent to the present stop."""
        return replace(self, sent=self.sent + 1, in_form=in_form)

    def passed(self, confirmed: bool) -> "Journey":
        """The present stop is over. A service provider that did not confirm one is told nothing more; one that
        confirmed all has ended its session."""
        party_id, rest = self.ahead[0].party_id, self.ahead[1:]
        if not confirmed:
            rest = tuple(stop for stop in rest if stop.party_id != party_id)
        over = all(stop.party_id != party_id for stop in rest)
        told = tuple(
            replace(each, confirmed=confirmed, visit=None) if over and each.party_id == party_id else each
            for each in self.farewell.told
        )
        return replace(self, farewell=replace(self.farewell, told=told), ahead=rest, step=self.step + 1, sent=0)


class WrongBrowser(Exception):
    """The journey is another browser's, or this one lost its cookie."""


def at(request_id: str) -> tuple[str, int] | None:
    """The journey and the step that a request's id names; None if it is none of ours."""
    id_, _, step = request_id.removeprefix("_").rpartition(".")
    return (id_, int(step)) if id_ and step.isdecimal() and step.isascii() and len(step) < 4 else None


def _key(journey_id: str) -> Key:
    return Key(shard_of(journey_id), "saml-journey", digest(journey_id))


class Journeys:
    def __init__(self, state: StateStore, randomness: Randomness) -> None:
        self._state = state
        self._randomness = randomness

    def begin(self, farewell: Farewell, browser: str, in_form: bool, asking: Asking | None) -> Journey:
        """`browser` is the value of its cookie. Where somebody asked, the journey ends at his answer."""
        ahead = tuple(Stop(duty, kind) for duty in farewell.visits for kind in kinds(duty))
        id_ = mint_anywhere(self._randomness)
        if asking is not None:
            farewell = replace(farewell, back=f"{SLO_ANSWER}?j={id_}")
        journey = Journey(id_, digest(browser), farewell, ahead, asking, in_form=in_form)
        self._state.put(_key(id_), _kept(journey), SECONDS)
        return journey

    def load(self, journey_id: str) -> Journey:
        """For an answer, which a service provider proved. Raises `Gone`."""
        raw = self._state.get(_key(journey_id))
        if raw is None:
            raise Gone("journey")
        return replace(decode(raw, Journey), id=journey_id)

    def load_for(self, journey_id: str, browser: str) -> Journey:
        """Raises `Gone` or `WrongBrowser`."""
        journey = self.load(journey_id)
        if not browser or not equal(journey.browser, digest(browser)):
            raise WrongBrowser
        return journey

    def go_on(self, journey: Journey, after: Journey) -> None:
        """Raises `Conflict` if another request was quicker, or `Gone`."""
        self._state.replace(_key(journey.id), _kept(journey), _kept(after), SECONDS)


def _kept(journey: Journey) -> bytes:
    """What the store holds: all but the id."""
    return encode(replace(journey, id=""))
