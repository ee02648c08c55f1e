"""What a proved AuthnRequest asks, in two forms: for the sign-in, and for the answer."""

from dataclasses import dataclass, field
from typing import Final

from federation.mapping import PAIRWISE_ID
from federation.saml import names
from federation.saml.authn_request import AuthnRequest
from federation.saml.metadata.entity import Endpoint
from idp.login.transaction import Ask
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso import attributes, formats, levels
from idp.saml.sso.levels import Levels, Unreachable
from idp.saml.sso.statuses import StatusRefusal

SIGN_IN: Final = "openid"
"""The word of the consent page for the sign-in itself, without which there is nothing to agree to."""
ANEW_SECONDS: Final = 5
"""By so much the clocks of our own workers may differ: who signed in after the request did so anew."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer needs. `request_id` is None where nobody asked; `consumer` is the proved address that is
    answered, by `binding`."""

    sp: str
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
    _prove_binding(request)
    name = formats.named(request, provider)
    wanted = attributes.requested(provider, request.attribute_index)
    try:
        level = levels.levels(request.requested_context)
    except Unreachable:
        raise StatusRefusal(names.RESPONDER, names.NO_AUTHN_CONTEXT) from None
    ask = Ask(
        client_id=provider.party_id,
        scopes=(SIGN_IN,),
        claims=tuple(each for each in wanted.names if each != PAIRWISE_ID),
        essential_claims=tuple(each for each in wanted.essential if each != PAIRWISE_ID),
        silent=request.is_passive,
        not_session=session_name if request.force_authn else "",
        # an older sign-in will not do even where the browser shows its session only later
        authenticated_since=now - ANEW_SECONDS if request.force_authn else 0,
        aal=level.aal,
        aal_essential=level.essential,
        subject=_subject(request),
        name_format=name.name_format,
        acquainted=name.acquainted,
    )
    asked = Asked(
        sp=target.sp,
        request_id=target.request_id,
        consumer=target.consumer,
        binding=target.binding,
        relay_state=target.relay_state,
        name_format=name.name_format,
        levels=level,
        attributes=wanted.names,
    )
    return Wanted(asked, ask)


def target(request: AuthnRequest, place: Endpoint, relay_state: str | None) -> Asked:
    """As much as a refusal needs. Made only of a place in the metadata."""
    return Asked(request.issuer, request.id, place.location, place.binding, relay_state)


def unsolicited(provider: ServiceProvider, place: Endpoint, relay_state: str | None) -> Wanted:
    """A sign-in that nobody asked for, as the service provider's own request would leave everything open."""
    word = formats.preferred(provider)
    wanted = attributes.requested(provider, None)
    ask = Ask(
        client_id=provider.party_id,
        scopes=(SIGN_IN,),
        claims=tuple(each for each in wanted.names if each != PAIRWISE_ID),
        essential_claims=tuple(each for each in wanted.essential if each != PAIRWISE_ID),
        name_format=word,
    )
    sp = provider.entity.entity_id
    return Wanted(
        Asked(sp, None, place.location, place.binding, relay_state, word, attributes=wanted.names),
        ask,
    )


def _prove_meant(request: AuthnRequest, us: str) -> None:
    """Section 3.4.1.3: whom the service provider would be content with."""
    scoping = request.scoping
    if scoping and scoping.idp_list and us not in scoping.idp_list:
        raise StatusRefusal(names.RESPONDER, names.NO_SUPPORTED_IDP)


def _prove_binding(request: AuthnRequest) -> None:
    if request.protocol_binding not in (None, names.POST, names.ARTIFACT):
        raise StatusRefusal(names.REQUESTER, names.UNSUPPORTED_BINDING)


def _subject(request: AuthnRequest) -> str | None:
    """The one citizen who will do (section 3.4.1.4), by the name that does not change."""
    subject = request.subject
    if subject is None:
        return None
    if subject.format not in (None, names.UNSPECIFIED, names.PERSISTENT):
        raise StatusRefusal(names.RESPONDER, names.UNKNOWN_PRINCIPAL)
    return subject.value
