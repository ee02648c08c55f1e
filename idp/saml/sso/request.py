"""What a proved AuthnRequest asks, in two forms: for the sign-in, and for the answer."""

from dataclasses import dataclass, field, replace
from typing import Final

from federation.mapping import PAIRWISE_ID
from federation.saml import names
from federation.saml.authn_request import AuthnRequest
from federation.saml.metadata.entity import Endpoint
from idp.login.transaction import Ask
from idp.saml.naming import PERSISTENT
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso import attributes, formats, levels
from idp.saml.sso.levels import Levels, Unreachable
from idp.saml.sso.statuses import StatusRefusal

KNOWN_AGAIN: Final = "openid"
PASSING: Final = "sign_in"
"""The consent page's words for the sign-in itself, without which there is nothing to agree to: with a name by which the
service provider knows the citizen again, or with none."""
ANEW_SECONDS: Final = 5
"""By so much the clocks of our own workers may differ: who signed in after the request did so anew."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer needs. `request_id` is None where nobody asked; `consumer` is the proved address that is
    answered, by `binding`."""

    request_id: str | None
    consumer: str
    binding: str
    relay_state: str | None = field(default=None, repr=False)
    name_format: str = ""
    levels: Levels = field(default_factory=Levels)
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request in its two forms."""

    asked: Asked
    ask: Ask


def read(
    request: AuthnRequest, provider: ServiceProvider, target: Asked, us: str, now: int, session_name: str
) -> Wanted:
    """Read what is asked of a request whose sender and address are proved. Raises `StatusRefusal`.

    `us` is our own entityID; `session_name` names the session this browser holds, or is empty: with ForceAuthn that one
    will not do."""
    _prove_meant(request, us)
    _prove_binding(request, target)
    name = formats.named(request, provider)
    level = _levels(request)
    wanted = _wanted(provider, target, name.name_format, request.attribute_index)
    ask = replace(
        wanted.ask,
        silent=request.is_passive,
        not_session=session_name if request.force_authn else "",
        # an older sign-in will not do even where the browser shows its session only later
        authenticated_since=now - ANEW_SECONDS if request.force_authn else 0,
        aal=level.aal,
        aal_essential=level.essential,
        subject=_subject(request, us),
        acquainted=name.acquainted,
    )
    return Wanted(replace(wanted.asked, levels=level), ask)


def target(request: AuthnRequest, place: Endpoint, relay_state: str | None) -> Asked:
    """As much as a refusal needs. Made only of a place in the metadata."""
    return Asked(request.id, place.location, place.binding, relay_state)


def unsolicited(provider: ServiceProvider, place: Endpoint, relay_state: str | None) -> Wanted:
    """A sign-in that nobody asked for: as a request would have it that leaves everything open."""
    target = Asked(None, place.location, place.binding, relay_state)
    return _wanted(provider, target, formats.preferred(provider), None)


def _wanted(provider: ServiceProvider, target: Asked, name_format: str, attribute_index: int | None) -> Wanted:
    """What every sign-in is asked for. Raises `StatusRefusal`."""
    requested = attributes.requested(provider, attribute_index)
    ask = Ask(
        client_id=provider.party_id,
        scopes=(KNOWN_AGAIN if name_format == PERSISTENT or PAIRWISE_ID in requested.names else PASSING,),
        claims=tuple(each for each in requested.names if each != PAIRWISE_ID),
        essential_claims=tuple(each for each in requested.essential if each != PAIRWISE_ID),
        name_format=name_format,
    )
    return Wanted(replace(target, name_format=name_format, attributes=requested.names), ask)


def _levels(request: AuthnRequest) -> Levels:
    try:
        return levels.levels(request.requested_context)
    except Unreachable:
        raise StatusRefusal(names.RESPONDER, names.NO_AUTHN_CONTEXT) from None


def _prove_meant(request: AuthnRequest, us: str) -> None:
    """Section 3.4.1.3: whom the service provider would be content with."""
    scoping = request.scoping
    if scoping and scoping.idp_list and us not in scoping.idp_list:
        raise StatusRefusal(names.RESPONDER, names.NO_SUPPORTED_IDP)


def _prove_binding(request: AuthnRequest, target: Asked) -> None:
    if request.protocol_binding not in (None, target.binding):
        raise StatusRefusal(names.REQUESTER, names.UNSUPPORTED_BINDING)


def _subject(request: AuthnRequest, us: str) -> str | None:
    """The one citizen who will do (section 3.4.1.4), by the name that does not change."""
    subject = request.subject
    if subject is None:
        return None
    fits = (
        subject.format in (None, names.UNSPECIFIED, names.PERSISTENT)
        and subject.name_qualifier in (None, "", us)
        and subject.sp_name_qualifier in (None, "", request.issuer)
    )
    if not fits:
        raise StatusRefusal(names.RESPONDER, names.UNKNOWN_PRINCIPAL)
    return subject.value
