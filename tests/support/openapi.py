"""What relying parties can call, described in OpenAPI 3.1 from what is served: `docs/openapi.json`.

Addresses and methods come from the application's own map of routes; the files behind each from the table of
`idp/oidc/__init__.py`; parameters from what those files read, and from `PARAMETERS` where a request to /authorize is
taken; client metadata from `Client`; the values that are offered from discovery; errors from `idp/errors.py`. Nothing
is listed twice, so that nothing can be forgotten. `python -m tests.support.openapi` writes the file.
"""

import ast
import json
import re
import tempfile
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from flask import Flask

import idp.oidc
from idp import errors
from idp.oidc.authorization.request import PARAMETERS
from idp.oidc.clients.client import Client
from idp.oidc.registration.registrar import NOT_SHOWN
from tests.support.provider import ISSUER, running_provider, settings_for

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "openapi.json"
HOME = ROOT / "idp" / "oidc"

FOR_BROWSERS = ("/authorize", "/logout")
"""What relying parties send citizens' browsers to: answered by a page or a redirect. All else is for their servers."""
PLACES = {
    "/authorize": ("authorization/authorize.py",),
    "/par": ("authorization/par.py",),
    "/device_authorization": ("decoupled/device.py",),
    "/ciba": ("decoupled/ciba.py", "decoupled/ciba_request.py"),
}
"""Addresses that share a folder: the files that are their own."""
OUR_OWN = ("/device", "/approve")
"""Pages that only we lead to, and what stands below a page."""
SHARED = {
    "AuthenticatedClient": ("clients/client_auth.py", "clients/assertion.py"),
    "ClientAuthentication": ("clients/client_auth.py", "clients/assertion.py"),
    "Presentation": ("tokens/presentation.py",),
    "Reaching": ("resources/reach.py",),
}
"""What many endpoints are handed, and where its parameters are read."""
BEARER = ("/userinfo", "/register")
DONE = {("POST", "/par"): "201", ("POST", "/register"): "201", ("DELETE", "/register/{client_id}"): "204"}
NOT_METADATA = (*NOT_SHOWN, "enabled")
"""What a client is kept with, and is not told."""
TOLD = ("client_id", "client_id_issued_at", "client_secret_expires_at")
"""What is in the answer to a registration alone."""
SPACED = ("scope", "prompt", "acr_values", "ui_locales")
"""Parameters that may have several values, space-separated."""
READERS = ("parameters", "given", "pushed")
"""What request parameters are called where they are read."""

Schema = dict[str, Any]


def document(app: Flask, metadata: Mapping[str, Any]) -> Schema:
    """The whole description of an application, whose discovery document is `metadata`."""
    described: Schema = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint.startswith("oidc.") and not _our_own(rule.rule):
            path = rule.rule.replace("<", "{").replace(">", "}")
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            found = {method.lower(): _operation(method, path, metadata) for method in methods}
            described.setdefault(path, {}).update(found)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Citizen identity provider, for relying parties",
            "version": "1",
            "description": "Made from what is served. Names and rules are those of the specifications that each "
            "operation names; docs/relying-parties.md is the way in.",
        },
        "servers": [{"url": metadata["issuer"]}],
        "paths": described,
        "components": {
            "securitySchemes": {
                "client": {"type": "http", "scheme": "basic", "description": "client_id and client_secret"},
                "token": {"type": "http", "scheme": "bearer"},
            },
            "schemas": {"Error": _error(), "ClientMetadata": _client_metadata(metadata)},
        },
    }


def _our_own(path: str) -> bool:
    return path in OUR_OWN or path.startswith(tuple(f"{each}/" for each in (*FOR_BROWSERS, *OUR_OWN)))


def _operation(method: str, path: str, metadata: Mapping[str, Any]) -> Schema:
    files, specification = _row(path)
    found: Schema = {
        "operationId": f"{method.lower()}{re.sub(r'[^a-z]+', '_', path.replace('{client_id}', 'one'))}".rstrip("_"),
        "summary": specification,
        "responses": _responses(method, path),
    }
    if "{" in path:
        found["parameters"] = [
            {"name": "client_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        ]
    properties, required = _parameters(path, files, metadata)
    if path == "/userinfo" and method == "GET":
        properties = {}  # a token in an address is refused
    if path.startswith("/register"):
        if method in ("POST", "PUT"):
            found["requestBody"] = _body("application/json", {"$ref": "#/components/schemas/ClientMetadata"})
    elif method == "GET":
        found["parameters"] = [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in properties.items()
        ]
    else:
        form: Schema = {"type": "object", "properties": properties}
        found["requestBody"] = _body("application/x-www-form-urlencoded", form | _if(required=sorted(required)))
    if path.startswith(BEARER):
        found["security"] = [{"token": []}]
    elif "client_secret" in properties:
        found["security"] = [{"client": []}, {}]
    return {name: value for name, value in found.items() if value != []}


def _if(**members: Sequence[str]) -> Schema:
    return {name: value for name, value in members.items() if value}


def _body(media_type: str, schema: Schema) -> Schema:
    return {"required": True, "content": {media_type: {"schema": schema}}}


# -- where it comes from ----------------------------------------------------------------------------------------------


def _row(path: str) -> tuple[list[Path], str]:
    """The files behind an address, and its specifications: a row of the front door's table. The longest address that
    begins this one counts: what stands under an endpoint is its own."""
    rows = re.findall(r"^\| (/.+?) \| (.+?) \| (.+?) \|$", idp.oidc.__doc__ or "", re.MULTILINE)
    of = {address: (names, told) for addresses, names, told in rows for address in addresses.split(", ")}
    known = [address for address in of if path == address or path.startswith(f"{address}/")]
    if not known:
        return [], "RFC 8414" if path.startswith("/.well-known/") else ""
    names, told = of[max(known, key=len)]
    return list(_files(PLACES.get(path) or names.split(", "))), told


def _files(names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        yield from sorted((HOME / name).glob("*.py")) if name.endswith("/") else [HOME / name]


def _parameters(path: str, files: Sequence[Path], metadata: Mapping[str, Any]) -> tuple[Schema, set[str]]:
    """What may stand in a request to this address, each with its schema; and what has to."""
    read = {file: dict(_read(file)) for file in files}
    names = {name for found in read.values() for name in found}
    required = {name for file, found in read.items() for name, must in found.items() if must and file.parent == HOME}
    together = "".join(file.read_text() for file in files)
    shared = {HOME / each for word, places in SHARED.items() if word in together for each in places}
    names |= {name for each in shared for name, _ in _read(each)}
    if path in ("/authorize", "/par"):
        names, required = names | PARAMETERS, {"response_type", "client_id"}
    if path == "/par":
        names, required = names - {"request_uri"}, set()
    return {name: _value(name, metadata) for name in sorted(names)}, required


def _read(file: Path) -> Iterator[tuple[str, bool]]:
    """Parameters that a file reads, by name: whether it insists. What it insists on comes last."""
    tree = ast.parse(file.read_text())
    rules = {
        called.attr for called in _called(tree) if isinstance(called.value, ast.Name) and called.value.id == "rules"
    }
    functions = [
        each
        for each in ast.parse((HOME / "authorization" / "rules.py").read_text()).body
        if getattr(each, "name", "") in rules
    ]
    found = [*_named(tree), *((name, False) for each in functions for name, _ in _named(each))]
    return iter(sorted(found, key=lambda each: each[1]))


def _called(tree: ast.AST) -> Iterator[ast.Attribute]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func


def _named(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "require"):
            receiver, name = node.func.value, node.args[0] if node.args else None
            if isinstance(receiver, ast.Name) and receiver.id in READERS and isinstance(name, ast.Constant):
                yield str(name.value), node.func.attr == "require"


def _value(name: str, metadata: Mapping[str, Any]) -> Schema:
    """A text; one of those that discovery offers, if it offers some."""
    offered = _offered(name, metadata)
    if not offered:
        return {"type": "string"}
    return {"type": "string", "examples": offered} if name in SPACED else {"type": "string", "enum": offered}


def _offered(name: str, metadata: Mapping[str, Any]) -> list[str]:
    """The values of a parameter or member in discovery, which names them in a few ways."""
    signing = name.replace("signed_response_alg", "signing_alg").replace("encrypted_response", "encryption")
    for line in (f"{name}s_supported", f"{name}_supported", f"{name}_values_supported", f"{signing}_values_supported"):
        if isinstance(metadata.get(line), list | tuple):
            return sorted(metadata[line])
    return []


def _errors() -> list[type[errors.OAuthError]]:
    return [each for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "code")]


def _error() -> Schema:
    return {
        "type": "object",
        "description": "RFC 6749 section 5.2. Without a token, nothing is said but the scheme.",
        "properties": {
            "error": {"type": "string", "enum": sorted({each.code for each in _errors()})},
            "error_description": {"type": "string"},
        },
    }


def _statuses() -> list[str]:
    """Of errors that are the caller's."""
    return sorted({str(each.status) for each in _errors() if each.status < 500})


def _responses(method: str, path: str) -> Schema:
    if path in FOR_BROWSERS:
        page = {"text/html": {}}
        return {
            "200": {"description": "a page for the citizen", "content": page},
            "303": {"description": "the way on"},
            "400": {"description": "a page that says what was wrong", "content": page},
            "403": {"description": "a form that came from elsewhere", "content": page},
            "429": {"description": "too often", "content": page},
        }
    refused = {"description": "refused", "content": {"application/json": {"schema": _ref("Error")}}}
    if method == "GET" and (path == "/jwks" or path.startswith("/.well-known/")):
        return {"200": {"description": "public", "content": {"application/json": {"schema": {"type": "object"}}}}}
    done = DONE.get((method, path), "200")
    answer: Schema = {"description": "done"}
    if done != "204":
        answer["content"] = {"application/json": {"schema": {"type": "object"}}}
    if path in ("/userinfo", "/introspect"):
        answer["content"]["application/jwt" if path == "/userinfo" else "application/token-introspection+jwt"] = {}
    return {done: answer} | dict.fromkeys(_statuses(), refused)


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


# -- client metadata --------------------------------------------------------------------------------------------------


def _client_metadata(metadata: Mapping[str, Any]) -> Schema:
    hints = typing.get_type_hints(Client)
    members = [each.name for each in fields(Client) if each.name not in NOT_METADATA]
    return {
        "type": "object",
        "description": "RFC 7591 section 2. Members for people may carry a language: client_name#en.",
        "properties": {
            name: _member(name, hints[name], metadata) | ({"readOnly": True} if name in TOLD else {})
            for name in sorted(members)
        },
    }


def _member(name: str, hint: Any, metadata: Mapping[str, Any]) -> Schema:
    """The JSON of a field: texts in several languages are one text here, and so is `scope`."""
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    origin = typing.get_origin(kinds[0])
    if name == "jwks":
        return {"type": "object"}
    if name == "scope" or origin is Mapping:
        return {"type": "string"}
    if origin is tuple:
        offered = _offered(name, metadata)
        return {"type": "array", "items": {"type": "string"} | ({"enum": offered} if offered else {})}
    kind = next(each for each in kinds if each is not type(None))
    if kind is str:
        return _value(name, metadata)
    return {"type": {bool: "boolean", int: "integer"}[kind]}


def text(app: Flask, metadata: Mapping[str, Any]) -> str:
    """The file's."""
    return json.dumps(document(app, metadata), indent=1, ensure_ascii=False) + "\n"


def offered(metadata: Mapping[str, object]) -> dict[str, Any]:
    """As JSON has it."""
    told: dict[str, Any] = json.loads(json.dumps(metadata))
    return told


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(Path(folder), IDP_REGISTRATION="open", IDP_ISSUER=ISSUER)
        with running_provider(settings) as provider:
            FILE.write_text(text(provider.app, offered(provider.services.engine.metadata)))
