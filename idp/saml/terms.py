"""What an operator sets of a service provider, as a JSON object. Texts may carry a language (`purpose#zh-CN`), as in
the registration of OIDC clients; what is left out has the default of `Terms`."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from federation.mapping import BY_NAME
from federation.saml.names import (
    ECDSA_SHA256,
    ECDSA_SHA384,
    ECDSA_SHA512,
    PERSISTENT,
    RSA_SHA256,
    RSA_SHA384,
    RSA_SHA512,
    TRANSIENT,
)
from idp.codec import Malformed, decode_unique
from idp.login.party import BASES, STATUTORY_DUTY
from idp.saml.service_provider import Terms, members_of

MAX_LENGTH: Final = 65_536
_MAX_TEXT: Final = 2_000
_MAX_NAMES: Final = 50
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_TEXTS: Final = ("name", "purpose", "retention")
_ALGORITHMS: Final = (RSA_SHA256, RSA_SHA384, RSA_SHA512, ECDSA_SHA256, ECDSA_SHA384, ECDSA_SHA512)

Document = Mapping[str, Any]


class BadTerms(ValueError):
    """The document will not do. Names the member, and quotes no value."""


def parse(document: bytes) -> Terms:
    """Raises `BadTerms`; also for a member that we do not know, which somebody would believe in."""
    if len(document) > MAX_LENGTH:
        raise BadTerms("the settings are too long")
    try:
        told = decode_unique(document, dict[str, Any])
    except Malformed as error:  # it names the place and no value
        raise BadTerms(f"the settings are not to be read as a JSON object: {error}") from None
    strange = [name for name in told if name not in _READ and not _is_text(name)]
    if strange:
        raise BadTerms(f"the settings have a member that is none; there are: {', '.join((*_TEXTS, *_READ))}")
    members: dict[str, Any] = {name: read(told, name) for name, read in _READ.items() if name in told}
    members |= {name: _texts(told, name) for name in _TEXTS}
    return _agreeing(Terms(**members))


def describe(terms: Terms) -> dict[str, Any]:
    """As `parse` takes it; what is empty or open is left out."""
    members = members_of(terms)
    texts = {
        f"{name}#{tag}" if tag else name: said for name in _TEXTS for tag, said in sorted(members.pop(name).items())
    }
    rest = {name: list(value) if isinstance(value, tuple) else value for name, value in members.items()}
    return texts | {name: value for name, value in rest.items() if value not in ("", None)}


def _agreeing(terms: Terms) -> Terms:
    if terms.lawful_basis == STATUTORY_DUTY and not terms.lawful_basis_rule:
        raise BadTerms("lawful_basis_rule is missing")
    if not set(terms.at_most) <= BY_NAME.keys():
        raise BadTerms(f"attributes has a name that is none; there are: {', '.join(BY_NAME)}")
    if not set(terms.optional) <= set(terms.at_most):
        raise BadTerms("optional has a name that is not among attributes")
    return terms


def _is_text(name: str) -> bool:
    base, mark, tag = name.partition("#")
    return base in _TEXTS and (not mark or _LANGUAGE_TAG.fullmatch(tag) is not None)


def _texts(told: Document, name: str) -> dict[str, str]:
    return {member.partition("#")[2]: _line(told, member) for member in told if member.partition("#")[0] == name}


def _line(told: Document, name: str) -> str:
    value = told[name]
    if not isinstance(value, str) or len(value) > _MAX_TEXT or not value.isprintable():
        raise BadTerms(f"{name.partition('#')[0]} is not a short line of text")
    return value


def _one_of(*allowed: str) -> Callable[[Document, str], str]:
    def read(told: Document, name: str) -> str:
        if told[name] not in allowed:
            raise BadTerms(f"{name} is not one of {', '.join(allowed)}")
        return str(told[name])

    return read


def _names(told: Document, name: str) -> tuple[str, ...]:
    values = told[name]
    fits = isinstance(values, list) and len(values) <= _MAX_NAMES
    if not fits or not all(isinstance(each, str) and each in BY_NAME for each in values):
        raise BadTerms(f"{name} is not a short list of attributes; there are: {', '.join(BY_NAME)}")
    return tuple(dict.fromkeys(values))


def _boolean(told: Document, name: str) -> bool:
    if not isinstance(told[name], bool):
        raise BadTerms(f"{name} is not a boolean")
    return bool(told[name])


_READ: Final[Mapping[str, Callable[[Document, str], object]]] = {
    "lawful_basis": _one_of(*BASES),
    "lawful_basis_rule": _line,
    "attributes": _names,
    "optional": _names,
    "require_signed_requests": _boolean,
    "sign_assertions": _boolean,
    "encrypt_assertions": _boolean,
    "allow_cbc": _boolean,
    "signature_algorithm": _one_of(*_ALGORITHMS),
    "name_id_format": _one_of(TRANSIENT, PERSISTENT),
    "idp_initiated": _boolean,
    "artifact": _boolean,
}
