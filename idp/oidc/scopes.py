"""Scopes, the claims they stand for, and where a claim's value comes from (OIDC Core sections 5.1 and 5.4).

One row a claim; `citizen_id` is ours (see the contracts): the number itself, only for clients allowed it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from idp.citizens.citizen import Citizen

OPENID: Final = "openid"
OFFLINE_ACCESS: Final = "offline_access"

CLAIMS_OF_SCOPE: Final[Mapping[str, tuple[str, ...]]] = {
    OPENID: (),
    "profile": ("name", "birthdate", "gender", "updated_at"),
    "email": ("email", "email_verified"),
    "phone": ("phone_number", "phone_number_verified"),
    "address": ("address",),
    "citizen_id": ("citizen_id_number",),
    OFFLINE_ACCESS: (),
}
SCOPES: Final = tuple(CLAIMS_OF_SCOPE)
SCOPE_OF_CLAIM: Final[Mapping[str, str]] = {
    claim: scope for scope, claims in CLAIMS_OF_SCOPE.items() for claim in claims
}
CLAIMS: Final = tuple(SCOPE_OF_CLAIM)

_VALUES: Final[Mapping[str, Callable[[Citizen], object]]] = {
    "name": lambda citizen: citizen.profile.name,
    "birthdate": lambda citizen: citizen.profile.birthdate,
    "gender": lambda citizen: citizen.profile.gender,
    "updated_at": lambda citizen: citizen.updated_at,
    "email": lambda citizen: citizen.profile.email,
    # nobody has proved these to us: they were given with the account
    "email_verified": lambda citizen: False if citizen.profile.email else None,
    "phone_number": lambda citizen: citizen.profile.phone,
    "phone_number_verified": lambda citizen: False if citizen.profile.phone else None,
    "address": lambda citizen: {"formatted": citizen.profile.address} if citizen.profile.address else None,
    "citizen_id_number": lambda citizen: citizen.profile.number,
}


def claims_of(scopes: Iterable[str]) -> tuple[str, ...]:
    """The claims that scopes stand for at /userinfo (section 5.4)."""
    return tuple(claim for scope in scopes for claim in CLAIMS_OF_SCOPE.get(scope, ()))


def values(citizen: Citizen, names: Iterable[str]) -> dict[str, object]:
    """The named claims of a citizen; what is not known is left out (section 5.3.2)."""
    found = ((name, _VALUES[name](citizen)) for name in names if name in _VALUES)
    return {name: value for name, value in found if value is not None}
