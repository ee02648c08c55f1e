"""The one decision: which step is next.

A pure function of what is asked, who is signed in, what this tab has proven, and what is known of consent. It asks for
the cheapest thing that is missing, in the order in which a citizen expects to be asked: who are you, prove it better,
agree.
"""

import enum
from dataclasses import dataclass

from idp.login.door import Refusal, SignInRefused
from idp.login.transaction import Ask, Proven, Transaction
from idp.sessions import Session


class Step(enum.Enum):
    PASSWORD = "password"
    TOTP = "totp"
    NEW_PASSWORD = "new_password"
    CONSENT = "consent"
    RESPOND = "respond"


@dataclass(frozen=True, slots=True)
class Interaction:
    """The citizen must be asked something: at this step of this transaction."""

    step: Step
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Known:
    """What the decision rests on. `reachable` is the highest level the signed-in citizen's authenticators can reach (0:
    not looked up, for it is not needed). `consented` says that all that is asked was agreed to; where that is asked, on
    this very tab's page; `stranger`, that only somebody else, who agreed to it before, will do."""

    session: Session | None
    proven: Proven | None
    reachable: int
    consented: bool
    stranger: bool = False


def next_step(ask: Ask, known: Known) -> Step:
    """The next step. Raises `SignInRefused` where asking the citizen is forbidden or would not help."""
    if known.proven is not None:
        return Step.NEW_PASSWORD if known.proven.complete else Step.TOTP
    session = known.session
    if session is None or session.key.name == ask.not_session or session.head.auth_time < ask.authenticated_since:
        return _ask(ask, Step.PASSWORD, Refusal.LOGIN_REQUIRED)
    if session.head.aal < ask.aal:
        # a voluntary level is no reason to refuse where nobody may be asked (OIDC Core section 5.5.1.1)
        if known.reachable > session.head.aal and (ask.aal_essential or not ask.silent):
            return _ask(ask, Step.TOTP, Refusal.INTERACTION_REQUIRED)
        if ask.aal_essential:
            raise SignInRefused(Refusal.LEVEL_UNREACHABLE)
    if known.stranger:
        raise SignInRefused(Refusal.STRANGER)
    if not known.consented:
        return _ask(ask, Step.CONSENT, Refusal.CONSENT_REQUIRED)
    return Step.RESPOND


def _ask(ask: Ask, step: Step, refusal: Refusal) -> Step:
    if ask.silent:
        raise SignInRefused(refusal)
    return step
