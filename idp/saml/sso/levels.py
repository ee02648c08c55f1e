"""RequestedAuthnContext (saml-core-2.0-os section 3.3.2.2.1): what a service provider asks of the sign-in, as our
levels of authentication, and what the assertion says of the level that was reached."""

from collections.abc import Callable, Mapping
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


class Unreachable(Exception):
    """No sign-in here can be what is asked."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What is asked, as the sign-in and the answer need it. `essential`: less than `aal` must be refused; else `aal` is
    as high as may be told. `named` are the classes asked for that we know, in order of preference."""

    aal: int = 0
    essential: bool = False
    exact: bool = False
    named: tuple[str, ...] = ()

    def told(self, aal: int) -> str:
        """AuthnContextClassRef for a session of this level. Raises `Unreachable` if it is none that was asked for."""
        if self.exact:
            return self._named(lambda level: level <= aal)
        level = aal if self.essential or not self.aal else min(aal, self.aal)
        try:
            return self._named(lambda each: each == level)
        except Unreachable:
            return acr(level)

    def _named(self, fits: Callable[[int], bool]) -> str:
        for name in self.named:
            if fits(CLASSES[name]):
                return name
        raise Unreachable


def levels(asked: RequestedAuthnContext | None) -> Levels:
    """Raises `Unreachable`."""
    if asked is None:
        return Levels()
    named = tuple(name for name in asked.class_refs if name in CLASSES)
    known = [CLASSES[name] for name in named]
    if not known:
        raise Unreachable
    match asked.comparison:
        case Comparison.EXACT:
            found = Levels(min(known), essential=True, exact=True, named=named)
        case Comparison.MINIMUM:
            found = Levels(min(known), essential=True, named=named)
        case Comparison.MAXIMUM:
            # what stands above is not reached here, and is no reason to refuse
            found = Levels(min(max(known), max(OFFERED)), named=named)
        case Comparison.BETTER:
            if len(named) < len(asked.class_refs):  # nobody knows what is better than a class that nobody knows
                raise Unreachable
            found = Levels(max(known) + 1, essential=True)
    if found.aal > max(OFFERED):
        raise Unreachable
    return found
