"""NameIDPolicy (saml-core-2.0-os section 3.4.1.1): by what kind of name the service provider is to know the citizen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from federation.saml import names
from federation.saml.authn_request import AuthnRequest
from idp.saml.naming import FORMATS, PERSISTENT, TRANSIENT
from idp.saml.service_provider import ServiceProvider
from idp.saml.sso.statuses import StatusRefusal

_WORDS: Final[Mapping[str, str]] = {uri: word for word, uri in FORMATS.items()}


@dataclass(frozen=True, slots=True)
class Named:
    """The word of `idp.saml.naming`; `acquainted`: only for a citizen whom the service provider knows already, for
    `AllowCreate` does not let us tell it of a new one."""

    name_format: str
    acquainted: bool


def preferred(provider: ServiceProvider) -> str:
    """The word for where the request leaves it open: as an operator said, else the first of the metadata's that we
    have."""
    if provider.name_id_format is not None:
        return _WORDS[provider.name_id_format]
    return next((_WORDS[each] for each in provider.entity.name_id_formats if each in _WORDS), TRANSIENT)


def named(request: AuthnRequest, provider: ServiceProvider) -> Named:
    """Raises `StatusRefusal`."""
    policy = request.name_id_policy
    if policy is None:
        return Named(preferred(provider), acquainted=False)
    if policy.sp_name_qualifier not in (None, "", request.issuer):  # of an affiliation; we know none
        raise _refused()
    word = preferred(provider)
    if policy.format not in (None, "", names.UNSPECIFIED):
        word = _WORDS.get(policy.format, "")
    if not word:
        raise _refused()
    return Named(word, acquainted=word == PERSISTENT and not policy.allow_create)


def _refused() -> StatusRefusal:
    return StatusRefusal(names.REQUESTER, names.INVALID_NAME_ID_POLICY)
