"""The `claims` request parameter (OIDC Core section 5.5), read into what the provider acts on.

`value` and `values` are honoured for `sub` and `acr`, the two claims whose value a client can know beforehand; for
others they are ignored, as section 5.5.1 allows. Unknown claims are ignored (section 5.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from idp.codec import Malformed, decode_unique
from idp.errors import InvalidRequest
from idp.oidc.scopes import CLAIMS

MAX_LENGTH: Final = 8_192


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """Names of ordinary claims per place of delivery, and the two that steer the sign-in."""

    id_token: tuple[str, ...] = ()
    userinfo: tuple[str, ...] = ()
    essential: tuple[str, ...] = ()
    subject: str | None = None
    acr_values: tuple[str, ...] = ()
    acr_essential: bool = False
    auth_time_essential: bool = False


def parse(text: str | None) -> ClaimsRequest:
    """Raises `InvalidRequest`."""
    if text is None:
        return ClaimsRequest()
    document = _object(text)
    places = {place: _place(document.get(place)) for place in ("id_token", "userinfo")}
    id_token = places["id_token"]
    every = [(name, member) for place in places.values() for name, member in place.items()]
    acr = id_token.get("acr") or {}
    return ClaimsRequest(
        id_token=tuple(name for name in id_token if name in CLAIMS),
        userinfo=tuple(name for name in places["userinfo"] if name in CLAIMS),
        essential=tuple(sorted({name for name, member in every if name in CLAIMS and _essential(member)})),
        subject=_one_subject(every),
        acr_values=_values(acr),
        acr_essential=_essential(acr),
        auth_time_essential=_essential(id_token.get("auth_time")),
    )


def _object(text: str) -> dict[str, Any]:
    if len(text) > MAX_LENGTH:
        raise InvalidRequest("claims is too long")
    try:
        return decode_unique(text, dict[str, Any])
    except Malformed as error:  # it names the place and no value
        raise InvalidRequest(f"claims is not a JSON object: {error}") from None


def _place(member: Any) -> Mapping[str, Any]:
    if member is None:
        return {}
    if not isinstance(member, dict) or not all(value is None or isinstance(value, dict) for value in member.values()):
        raise InvalidRequest("a member of claims is not an object")
    return member


def _essential(member: Any) -> bool:
    essential = (member or {}).get("essential", False)
    if not isinstance(essential, bool):
        raise InvalidRequest("essential is not a boolean")
    return essential


def _values(member: Mapping[str, Any]) -> tuple[str, ...]:
    """`value` is `values` with one member."""
    values = member.get("values", [member["value"]] if "value" in member else [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value.isprintable() for value in values):
        raise InvalidRequest("values is not an array of printable strings")  # JSON can write half of a character
    return tuple(values)


def _one_subject(every: list[tuple[str, Any]]) -> str | None:
    """A request for two different subjects can never be met."""
    wanted = {value for name, member in every if name == "sub" for value in _values(member or {})}
    if len(wanted) > 1:
        raise InvalidRequest("more than one sub is asked for")
    return next(iter(wanted), None)
