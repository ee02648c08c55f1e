"""What we take from pyop and oic, pinned: an upgrade that changes it fails here, by name.

Two kinds of contract. Ours to rely on: the methods that `idp/oidc/provider.py` overrides or calls are there, take what
we give them, and are called by pyop in the way our overrides expect. Ours to keep: no JWT of any request, and no key of
ours, ever reaches pyop, oic or pyjwkest.
"""

import inspect
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode

import jwkest
import pytest
from oic.oic.message import IdToken, RegistrationRequest
from pyop import request_validator
from pyop.authz_state import AuthorizationState
from pyop.message import AuthorizationRequest
from pyop.provider import Provider as PyopProvider
from pyop.userinfo import Userinfo

from idp.oidc import provider
from idp.oidc.clients.client import Client
from idp.oidc.provider import Engine
from tests.support.provider import CALLBACK, Provider, Registered, running_provider, settings_for
from tests.support.registering import METADATA
from tests.support.signed_in import SignedIn

CLIENT = Client("c1", 0, (CALLBACK,), {"": "C"})


class OneClient:
    def get(self, client_id: str) -> Client | None:
        return CLIENT if client_id == CLIENT.client_id else None


@pytest.fixture
def engine() -> Engine:
    return Engine(METADATA, OneClient())


def request(**changes: str) -> dict[str, str]:
    return {"response_type": "code", "client_id": "c1", "redirect_uri": CALLBACK, "state": "s", "nonce": "n"} | changes


# -- what we rely on --------------------------------------------------------------------------------------------------


def test_the_versions_that_were_read() -> None:
    """Another one has to be read first: then change the numbers here and in setup.py."""
    assert version("pyop").startswith("3.5.")
    assert version("oic").startswith("1.7.")
    assert version("pyjwkest").startswith("1.4.")


SIGNATURES: list[tuple[Callable[..., Any], list[str]]] = [
    (
        PyopProvider.__init__,
        [
            *("signing_key", "configuration_information", "authz_state", "clients", "userinfo"),
            *("id_token_lifetime", "extra_scopes"),
        ],
    ),
    (AuthorizationRequest.from_dict, ["dictionary", "kwargs"]),
    (PyopProvider.authorize, ["authentication_request", "user_id", "extra_id_token_claims"]),
    (PyopProvider._create_subject_identifier, ["user_id", "client_id", "redirect_uri"]),
    (PyopProvider._check_subject_identifier_matches_requested, ["authentication_request", "sub"]),
    (
        PyopProvider._create_signed_id_token,
        [
            *("client_id", "sub", "user_claims", "nonce", "authorization_code", "access_token_value"),
            "extra_id_token_claims",
        ],
    ),
    (
        AuthorizationState.create_authorization_code,
        ["authorization_request", "subject_identifier", "scope", "user_info", "extra_id_token_claims"],
    ),
    (Userinfo.__init__, ["db"]),
    (Userinfo.get_claims_for, ["user_id", "requested_claims", "userinfo"]),
]
VALIDATORS = {
    "authorization_request_verify": ["authentication_request"],
    "client_id_is_known": ["provider", "authentication_request"],
    "redirect_uri_is_in_registered_redirect_uris": ["provider", "authentication_request"],
    "response_type_is_in_registered_response_types": ["provider", "authentication_request"],
    "registration_request_verify": ["registration_request"],
    "client_preferences_match_provider_capabilities": ["provider", "registration_request"],
}


@pytest.mark.parametrize(("method", "parameters"), SIGNATURES, ids=[method.__qualname__ for method, _ in SIGNATURES])
def test_the_methods_we_override_or_call_take_what_they_took(method: Callable[..., Any], parameters: list[str]) -> None:
    assert list(inspect.signature(method).parameters) == ["self", *parameters]


@pytest.mark.parametrize("name", VALIDATORS)
def test_the_validators_take_what_they_took(name: str) -> None:
    assert list(inspect.signature(getattr(request_validator, name)).parameters) == VALIDATORS[name]


def test_pyop_has_the_validators_we_know_and_no_others() -> None:
    """A new one would be missing from our lists, which replace pyop's."""
    found = {
        name
        for name, member in vars(request_validator).items()
        if inspect.isfunction(member) and member.__module__ == request_validator.__name__
    }
    known = {"userinfo_claims_only_specified_when_access_token_is_issued", "requested_scope_is_supported"}
    assert found == VALIDATORS.keys() | known
    metadata = json.loads(json.dumps(METADATA))
    plain = PyopProvider(None, metadata, None, {}, Userinfo({}))
    assert len(plain.authentication_request_validators) == 6
    assert len(plain.registration_request_validators) == 2


def test_pyop_calls_our_overrides_as_they_expect(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once each, in this order, with these arguments."""
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def watch(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def watched(self: Any, *args: Any, **named: Any) -> Any:
            calls.append((name, args, named))
            return original(self, *args, **named)

        monkeypatch.setattr(owner, name, watched)

    watch(provider._CitizenProvider, "_create_subject_identifier")
    watch(provider._CitizenProvider, "_check_subject_identifier_matches_requested")
    watch(provider._Codes, "create_authorization_code")
    parsed = engine.parse(request(), ("openid",))

    def issue() -> str:
        return "the-code"

    assert engine.authorize(parsed, issue) == {"code": "the-code", "state": "s"}
    assert calls == [
        ("_create_subject_identifier", (issue, "c1", CALLBACK), {}),
        ("_check_subject_identifier_matches_requested", (parsed, issue), {}),
        ("create_authorization_code", (parsed, issue), {"user_info": {}, "extra_id_token_claims": {}}),
    ]


def test_what_issuing_raises_comes_through(engine: Engine) -> None:
    class StoreAway(Exception):
        pass

    def issue() -> str:
        raise StoreAway

    with pytest.raises(StoreAway):
        engine.authorize(engine.parse(request(), ("openid",)), issue)


def test_the_client_and_its_address_are_validated_before_the_rest(engine: Engine) -> None:
    order = [
        "client_id_is_known",
        "redirect_uri_is_in_registered_redirect_uris",
        "authorization_request_verify",
        "response_type_is_in_registered_response_types",
    ]
    validators = engine._provider.authentication_request_validators
    named = [each.__code__.co_names[0] if each.__name__ == "<lambda>" else each.__name__ for each in validators]
    assert named == order


def test_the_configuration_is_ours_to_the_letter(engine: Engine) -> None:
    ours = json.loads(json.dumps(METADATA))
    assert {name: _sorted(value) for name, value in engine.metadata.items()} == {
        name: _sorted(value) for name, value in ours.items()
    }


def _sorted(value: object) -> object:
    return sorted(value) if isinstance(value, list) else value


def test_the_filter_releases_what_was_asked_and_is_there(engine: Engine) -> None:
    assert engine.release(["name", "email"], {"name": "n", "phone_number": "p"}) == {"name": "n"}
    assert engine.release(["name"], {}) == {}


def test_registration_requests_are_matched_by_table() -> None:
    members = set(RegistrationRequest.c_param)
    assert {"redirect_uris", "subject_type", "id_token_signed_response_alg", "token_endpoint_auth_method"} <= members


@pytest.mark.parametrize("name", ["pyop", "oic", "jwkest"])
def test_their_loggers_keep_what_they_see_to_themselves(name: str) -> None:
    assert logging.getLogger(name).level == logging.WARNING


# -- what we keep from them -------------------------------------------------------------------------------------------

JOSE = str(Path(jwkest.__file__).parent)


@contextmanager
def watching() -> Iterator[set[str]]:
    """The functions of pyjwkest, and those of oic that handle JWTs, that run meanwhile."""
    ran: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and (code.co_filename.startswith(JOSE) or "jwt" in code.co_name or "jwe" in code.co_name):
            module = frame.f_globals.get("__name__", "")
            if module.startswith(("jwkest", "oic", "pyop")):
                ran.add(f"{module}.{code.co_name}")

    sys.setprofile(note)
    try:
        yield ran
    finally:
        sys.setprofile(None)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Provider]:
    with running_provider(settings_for(tmp_path)) as provider:
        yield provider


def test_the_watch_sees_a_jwt_that_reaches_them() -> None:
    """Without this, the tests below could not fail."""
    with watching() as ran, pytest.raises(Exception):  # noqa: B017, PT011 - whatever it thinks of such a token
        IdToken().from_jwt("eyJhbGciOiJSUzI1NiJ9.e30.AAAA")
    assert {"oic.oauth2.message.from_jwt", "jwkest.jws.factory"} <= ran


def test_a_whole_sign_in_and_its_end_use_no_jose_of_theirs(running: Provider) -> None:
    client: Registered = running.client(scope="openid profile offline_access")
    with watching() as ran:
        signed_in = SignedIn(running, client=client)
        tokens = running.token(client, client.exchange(signed_in.visitor.hop(client)["code"])).json
        assert running.userinfo(tokens["access_token"]).status_code == 200
        assert "code" in signed_in.visitor.hop(client, id_token_hint=signed_in.id_token)
        signed_in.logout(id_token_hint=signed_in.id_token)
    assert ran == set()


@pytest.mark.parametrize(
    "name", ["request", "request_uri", "id_token_hint", "registration", "claims", "client_assertion"]
)
def test_a_jwt_in_any_parameter_stays_with_us(running: Provider, name: str) -> None:
    signed_in = SignedIn(running)
    with watching() as ran:
        signed_in.visitor.authorize(signed_in.client, **{name: signed_in.id_token})
        running.token(signed_in.client, signed_in.client.exchange("x", **{name: signed_in.id_token}))
        signed_in.visitor.get("/logout?" + urlencode({name: signed_in.id_token}))
    assert ran == set()


def test_pyop_is_given_plain_parameters_only(running: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, str]] = []
    original = AuthorizationRequest.from_dict

    def watched(self: Any, parameters: dict[str, str], **named: Any) -> Any:
        given.append(parameters)
        return original(self, parameters, **named)

    monkeypatch.setattr(AuthorizationRequest, "from_dict", watched)
    signed_in = SignedIn(running)
    claims = json.dumps({"userinfo": {"name": None}})
    signed_in.visitor.authorize(signed_in.client, id_token_hint=signed_in.id_token, claims=claims, login_hint="x")
    assert given
    resolved_before = {"request", "request_uri", "registration", "id_token_hint", "claims", "login_hint"}
    for parameters in given:
        assert not parameters.keys() & resolved_before
        assert signed_in.id_token not in parameters.values()


def test_pyop_has_no_key_and_cannot_sign(engine: Engine) -> None:
    assert engine._provider.signing_key is None
    with pytest.raises(AssertionError):
        engine._provider._create_signed_id_token("c1", "sub")
