"""RequestedAuthnContext (saml-core-2.0-os section 3.3.2.2.1): what a service provider asks of the sign-in, as our
levels of authentication, and what the assertion says of the level that was reached."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from federation.saml.authn_request import Comparison, RequestedAuthnContext
from idp.login.assurance import LEVELS, OFFERED, acr

_CLASSES: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:"
CLASSES: Final[Mapping[str, int]] = {
    **{acr(level): level for level in LEVELS},
    # every sign-in here has a password in it, and every deployment stands behind TLS (saml-authn-context-2.0-os)
    f"{_CLASSES}PasswordProtectedTransport": 1,
    f"{_CLASSES}unspecified": 1,
    "https://refeds.org/profile/mfa": 2,
}
"""Classes by the level that satisfies each: ours, and those of others that are true of it."""


_HIGHEST: Final = max(OFFERED)


class Unreachable(Exception):
    """No sign-in here can be what is asked."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What is asked, as the sign-in and the answer need it: `aal` is the level to reach, and `essential` says that less
    must be refused. `named` are the classes asked for that we know, the one that is liked best first. `comparison` is
    None where nothing was asked."""

    aal: int = 0
    essential: bool = False
    comparison: Comparison | None = None
    named: tuple[str, ...] = ()

    def told(self, aal: int) -> str:
        """AuthnContextClassRef for a session of level `aal`, which is enough for what is asked."""
        if self.comparison is Comparison.EXACT:
            # whoever proved more has proved this too
            return next(name for name in self.named if CLASSES[name] <= aal)
        level = min(aal, self.aal) if self.comparison is Comparison.MAXIMUM else aal
        return next((name for name in self.named if CLASSES[name] == level), acr(level))


def levels(asked: RequestedAuthnContext | None) -> Levels:
    """Raises `Unreachable`. Classes that we do not know cannot be met, and do not keep us from meeting another."""
    if asked is None:
        return Levels()
    named = tuple(name for name in asked.class_refs if name in CLASSES)
    if not named:
        raise Unreachable
    known = [CLASSES[name] for name in named]
    match asked.comparison:
        case Comparison.EXACT | Comparison.MINIMUM:
            aal, essential = _in_order([level for level in known if level <= _HIGHEST])
        case Comparison.MAXIMUM:
            # as strong as possible without being stronger than the strongest of them; weaker will do
            aal, essential = min(max(known), _HIGHEST), False
        case Comparison.BETTER:
            # stronger than each of them, and nobody knows what is stronger than a class that nobody knows
            aal, essential = max(known) + 1, True
            if aal > _HIGHEST or len(named) < len(asked.class_refs):
                raise Unreachable
    # each once: this is kept with the sign-in, and others choose how often they name one
    return Levels(aal, essential, asked.comparison, tuple(dict.fromkeys(named)))


def _in_order(offered: Sequence[int]) -> tuple[int, bool]:
    """The level to reach, and whether less must be refused, where one of these will do and the first is liked best.
    Raises `Unreachable`."""
    if not offered:
        raise Unreachable
    first, least = offered[0], min(offered)
    if least > min(OFFERED):  # the sign-in knows no third: reach this, else that, and refuse what is less
        return least, True
    return first, first == least
