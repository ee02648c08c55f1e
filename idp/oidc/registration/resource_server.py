"""A resource server from the JSON that its operator writes, each member proved, into a `Resource`; and back to JSON.

Members that RFC 9728 section 2 knows have its names. Unlike a client, which may bring members of specifications that we
do not know, a resource server is described for us alone: what we do not know is a mistake, and refused.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final
from urllib.parse import urlsplit

from idp.audit.recorder import UnsafeEvent, note
from idp.codec import builtins
from idp.errors import InvalidClientMetadata
from idp.oidc.clients.client import Client, ClientSource
from idp.oidc.jose.keys import ALGORITHMS
from idp.oidc.registration.members import LANGUAGE_TAG, Metadata, one_of, parse, seconds, string
from idp.oidc.resources.authorization_details import CERTIFICATE_TYPE
from idp.oidc.resources.resources import OPAQUE, TOKEN_FORMATS, ExchangeRule, Resource, Texts
from idp.oidc.scopes import SCOPES

MAX_URI: Final = 255
MAX_SCOPES: Final = 50
MAX_CERTIFICATE_TYPES: Final = 500
MAX_RULES: Final = 50
LONGEST_SECONDS: Final = 3_600
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._/:-]+", re.ASCII)
_SCOPE: Final = re.compile(r"[a-z][A-Za-z0-9._:/-]{1,38}", re.ASCII)
_TAGGED: Final = "resource_name"


def prove(document: bytes, clients: ClientSource) -> Resource:
    """Raises `InvalidClientMetadata`, which names the member."""
    metadata = parse(document)
    _nothing_unknown(metadata)
    return Resource(
        resource=_uri(metadata),
        resource_name=_texts(metadata, _TAGGED, ""),
        scopes=_scopes(metadata),
        token_format=one_of(metadata, "token_format", TOKEN_FORMATS, OPAQUE),
        token_signing_alg=one_of(metadata, "token_signing_alg", tuple(ALGORITHMS), "RS256"),
        token_seconds=_seconds(metadata),
        introspection_client=_introspection_client(metadata, clients),
        certificate_types=_certificate_types(metadata),
        exchange=_exchange(metadata, clients),
    )


def describe(resource: Resource) -> dict[str, Any]:
    """The resource server as JSON, in the members that `prove` reads."""
    document: dict[str, Any] = {}
    for name, value in builtins(resource).items():
        if name == _TAGGED:
            document |= _tagged(name, value)
        elif name in ("scopes", "certificate_types"):
            document |= {name: {key: _tagged("name", texts) for key, texts in value.items()}} if value else {}
        elif value not in (None, (), []):
            document[name] = value
    return document


def _nothing_unknown(metadata: Metadata) -> None:
    known = {member.name for member in fields(Resource)}
    unknown = {name for name in metadata if name not in known and name.partition("#")[0] != _TAGGED}
    if unknown:
        raise InvalidClientMetadata("a member that we do not know")


def _uri(metadata: Metadata) -> str:
    """RFC 8707 section 2: absolute, and without a fragment; without a query, too, and of letters that the audit trail
    can tell."""
    uri = string(metadata, "resource") or ""
    parts = urlsplit(uri)
    hosted = parts.scheme not in ("http", "https") or bool(parts.hostname)
    if not _URI.fullmatch(uri) or len(uri) > MAX_URI or not hosted or not _tellable(resource=uri):
        raise InvalidClientMetadata("resource is not an absolute URI without query, fragment and long words")
    return uri


def _scopes(metadata: Metadata) -> dict[str, Texts]:
    members = metadata.get("scopes", {})
    if not isinstance(members, dict) or not 0 < len(members) <= MAX_SCOPES:
        raise InvalidClientMetadata(f"scopes is not an object of 1 to {MAX_SCOPES} scopes")
    return {scope: _texts(_scope(scope, words), "name", f"scopes.{scope}.") for scope, words in members.items()}


def _scope(scope: str, words: object) -> Metadata:
    """Its name is one that no scope of ours has, and that the audit trail can tell."""
    if not _SCOPE.fullmatch(scope) or scope in SCOPES or not _tellable(scopes=(scope,)):
        raise InvalidClientMetadata("scopes has a name that is too long, has other signs, or is a scope of ours")
    return _named(words, f"scopes.{scope}")


def _certificate_types(metadata: Metadata) -> dict[str, Texts]:
    members = metadata.get("certificate_types", {})
    if not isinstance(members, dict) or len(members) > MAX_CERTIFICATE_TYPES:
        raise InvalidClientMetadata(f"certificate_types is not an object of at most {MAX_CERTIFICATE_TYPES} types")
    if not all(CERTIFICATE_TYPE.fullmatch(code) for code in members):
        raise InvalidClientMetadata("certificate_types has a code that is not of 18 letters and digits and 3 digits")
    where = "certificate_types."
    return {code: _texts(_named(words, where + code), "name", f"{where}{code}.") for code, words in members.items()}


def _named(words: object, where: str) -> Metadata:
    if not isinstance(words, dict) or any(name.partition("#")[0] != "name" for name in words):
        raise InvalidClientMetadata(f"{where} has more than its name")
    return words


def _texts(metadata: Metadata, name: str, where: str) -> Texts:
    """Words for citizens: at least those without a language."""
    texts: dict[str, str] = {}
    for member in metadata:
        base, _, tag = member.partition("#")
        if base != name:
            continue
        text = string(metadata, member)
        if not text or (tag and not LANGUAGE_TAG.fullmatch(tag)):
            raise InvalidClientMetadata(f"{where}{name} is empty, or has an unknown language tag")
        texts[tag] = text
    if "" not in texts:
        raise InvalidClientMetadata(f"{where}{name} is missing")
    return texts


def _tagged(name: str, texts: Texts) -> dict[str, str]:
    return {f"{name}#{tag}" if tag else name: text for tag, text in texts.items()}


def _seconds(metadata: Metadata) -> int:
    chosen = seconds(metadata, "token_seconds")
    if chosen is None:
        return 300
    if not 0 < chosen <= LONGEST_SECONDS:
        raise InvalidClientMetadata(f"token_seconds is not 1 to {LONGEST_SECONDS}")
    return chosen


def _introspection_client(metadata: Metadata, clients: ClientSource) -> str | None:
    client_id = string(metadata, "introspection_client")
    client: Client | None = clients.get(client_id) if client_id else None
    if client_id is not None and (client is None or not client.confidential):
        raise InvalidClientMetadata("introspection_client is not a client that authenticates")
    return client_id


def _exchange(metadata: Metadata, clients: ClientSource) -> tuple[ExchangeRule, ...]:
    """Each for another client, and of this resource's own scopes."""
    rules = metadata.get("exchange", [])
    if not isinstance(rules, list) or len(rules) > MAX_RULES:
        raise InvalidClientMetadata(f"exchange is not an array of at most {MAX_RULES} rules")
    proved = tuple(_rule(rule, clients, metadata["scopes"]) for rule in rules)
    if len({rule.client_id for rule in proved}) < len(proved):
        raise InvalidClientMetadata("exchange has two rules for one client")
    return proved


def _rule(rule: object, clients: ClientSource, own: Mapping[str, object]) -> ExchangeRule:
    members = rule if isinstance(rule, dict) else {}
    client_id, scopes = members.get("client_id"), members.get("scopes")
    if members.keys() != {"client_id", "scopes"} or not isinstance(scopes, dict) or not scopes.keys() <= own.keys():
        raise InvalidClientMetadata("exchange has a rule that is not client_id and scopes of this resource")
    if not all(isinstance(each, str) and _SCOPE.fullmatch(each) and each not in SCOPES for each in scopes.values()):
        raise InvalidClientMetadata("exchange has a rule for a scope that no resource has")
    client = clients.get(client_id) if isinstance(client_id, str) else None
    if client is None or not client.confidential:
        raise InvalidClientMetadata("exchange has a rule for what is not a client that authenticates")
    return ExchangeRule(client.client_id, scopes)


def _tellable(**facts: str | tuple[str, ...]) -> bool:
    try:
        note(**facts)
    except UnsafeEvent:
        return False
    return True
