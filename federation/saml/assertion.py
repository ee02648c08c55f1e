"""Assertion (saml-core-2.0-os section 2): what an identity provider says of a person who signed in, as the Web Browser
SSO profile has it: one subject, one bearer confirmation, one authentication, at most one statement of attributes."""

from dataclasses import dataclass
from functools import lru_cache

from federation.saml import names
from federation.saml.credentials import Signer
from federation.saml.name_id import NameId
from federation.saml.signing import finished
from federation.saml.writing import SAML, Xml, attribute, given, given_instant, instant, name_id, text


@dataclass(frozen=True, slots=True)
class Attribute:
    """Section 2.7.3.1. Values are texts: nothing of ours needs another type."""

    name: str
    values: tuple[str, ...]
    name_format: str = names.URI_NAMES
    friendly_name: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """SubjectConfirmationData of a bearer (saml-profiles-2.0-os section 4.1.4.2): where, until when, and to which
    request (None: unasked) the assertion may be presented. `not_on_or_after` is seconds since the epoch."""

    recipient: str
    not_on_or_after: int
    in_response_to: str | None


@dataclass(frozen=True, slots=True)
class Authentication:
    """AuthnStatement (section 2.7.2). Times are seconds since the epoch. `authorities` are the identity providers that
    signed the person in, where it was not the issuer."""

    instant: int
    class_ref: str
    session_index: str
    session_not_on_or_after: int | None = None
    authorities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assertion:
    """Times are seconds since the epoch."""

    id: str
    issuer: str
    issue_instant: int
    name_id: NameId
    confirmation: Confirmation
    not_before: int
    not_on_or_after: int
    audiences: tuple[str, ...]
    authentication: Authentication
    attributes: tuple[Attribute, ...] = ()


def written(assertion: Assertion, signer: Signer | None) -> Xml:
    """The saml:Assertion, signed where there is a signer. It stands by itself and fits into any element that has not
    declared its prefix. Raises `Unwritable`."""
    before = (
        f'<saml:Assertion{SAML} ID="{attribute(assertion.id)}" IssueInstant="{instant(assertion.issue_instant)}"'
        f' Version="2.0"><saml:Issuer>{text(assertion.issuer)}</saml:Issuer>'
    )
    after = (
        f"{_subject(assertion)}{_conditions(assertion)}{_authentication(assertion.authentication)}"
        f"{_attributes(assertion.attributes)}</saml:Assertion>"
    )
    return finished(before, after, assertion.id, signer)


def _subject(assertion: Assertion) -> str:
    confirmation = assertion.confirmation
    return (
        f"<saml:Subject>{name_id(assertion.name_id, declared=True)}"
        f'<saml:SubjectConfirmation Method="{names.BEARER}"><saml:SubjectConfirmationData'
        f"{given('InResponseTo', confirmation.in_response_to)}"
        f' NotOnOrAfter="{instant(confirmation.not_on_or_after)}" Recipient="{attribute(confirmation.recipient)}">'
        "</saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>"
    )


def _conditions(assertion: Assertion) -> str:
    audiences = "".join(f"<saml:Audience>{text(audience)}</saml:Audience>" for audience in assertion.audiences)
    return (
        f'<saml:Conditions NotBefore="{instant(assertion.not_before)}"'
        f' NotOnOrAfter="{instant(assertion.not_on_or_after)}">'
        f"<saml:AudienceRestriction>{audiences}</saml:AudienceRestriction></saml:Conditions>"
    )


def _authentication(authentication: Authentication) -> str:
    authorities = "".join(
        f"<saml:AuthenticatingAuthority>{text(authority)}</saml:AuthenticatingAuthority>"
        for authority in authentication.authorities
    )
    return (
        f'<saml:AuthnStatement AuthnInstant="{instant(authentication.instant)}"'
        f' SessionIndex="{attribute(authentication.session_index)}"'
        f"{given_instant('SessionNotOnOrAfter', authentication.session_not_on_or_after)}><saml:AuthnContext>"
        f"<saml:AuthnContextClassRef>{text(authentication.class_ref)}</saml:AuthnContextClassRef>{authorities}"
        "</saml:AuthnContext></saml:AuthnStatement>"
    )


def _attributes(attributes: tuple[Attribute, ...]) -> str:
    """A statement without attributes is not allowed (section 2.7.3)."""
    if not attributes:
        return ""
    written_ones = "".join(written_attribute(one, declared=True) for one in attributes)
    return f"<saml:AttributeStatement>{written_ones}</saml:AttributeStatement>"


def written_attribute(one: Attribute, declared: bool) -> str:
    """saml:Attribute. `declared` says that an element around it has declared the prefix."""
    values = "".join(f"<saml:AttributeValue>{text(value)}</saml:AttributeValue>" for value in one.values)
    namespace = "" if declared else SAML
    return f"<saml:Attribute{namespace}{_named(one.friendly_name, one.name, one.name_format)}>{values}</saml:Attribute>"


@lru_cache(maxsize=256)
def _named(friendly_name: str | None, name: str, name_format: str) -> str:
    return f'{given("FriendlyName", friendly_name)} Name="{attribute(name)}" NameFormat="{attribute(name_format)}"'
