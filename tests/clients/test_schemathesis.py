"""schemathesis, a fuzzer that reads OpenAPI: whatever it makes of the description of what is served, the answer is one
that the description promises, and never a fault of ours.

Half of its requests are made honest in part, because one that no client sends comes no further than the door.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.known import Known, acquainted
from tests.support.openapi import document, offered
from tests.support.provider import CALLBACK, ISSUER, VERIFIER, challenge, running_provider, settings_for

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 50


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    variables = {"IDP_REGISTRATION": "open", "IDP_ACCESS_TOKEN_SECONDS": "86400"}
    with running_provider(settings_for(tmp_path_factory.mktemp("fuzzed"), **variables)) as provider:
        yield acquainted(provider, scope="openid profile offline_access")


class Crowd:
    """The application, asked from ever another address and a little later each time, so that nobody is too quick."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._numbers = itertools.count()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self._known.provider.clock.advance(0.2)
        number = next(self._numbers)
        peer = f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"
        return self._known.provider.app(environ | {"REMOTE_ADDR": peer}, start_response)


@pytest.fixture(scope="module")
def described(known: Known) -> Any:
    schema = schemathesis.openapi.from_dict(
        document(known.provider.app, offered(known.provider.services.engine.metadata))
    )
    schema.app = Crowd(known)
    return schema


def honest(known: Known) -> dict[str, Any]:
    """What an honest client would send, whatever the endpoint."""
    return {
        "client_id": known.client.id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid profile",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
        "code_verifier": VERIFIER,
        "redirect_uris": [CALLBACK],
        "token": "unknown",
    }


def dressed(case: Case, known: Known, strange: int) -> dict[str, str]:
    """Make the request honest but for so many of its parameters; the credentials that go with it."""
    place = case.query if case.method == "GET" else case.body
    if isinstance(place, dict):
        kept = dict(list(place.items())[:strange])
        place.clear()
        place |= honest(known) | kept
    return known.client.basic


def strategies(operation: Any) -> st.SearchStrategy[Case]:
    """What keeps to the description; and what does not, where a body may be of another shape."""
    keeping = operation.as_strategy(GenerationMode.POSITIVE)
    return keeping | operation.as_strategy(GenerationMode.NEGATIVE) if operation.body else keeping


def test_no_request_is_answered_by_a_fault_nor_by_what_is_not_described(known: Known, described: Any) -> None:
    token = {"Authorization": f"Bearer {known.tokens()['access_token']}"}
    seen = set()
    for operation in [described[path][method] for path in described for method in described[path]]:

        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
        @given(case=strategies(operation), looks_honest=st.booleans(), strange=st.sampled_from([0, 1, 2, 5]))
        def fuzz(case: Case, looks_honest: bool, strange: int) -> None:
            headers = dressed(case, known, strange) if looks_honest else {}
            if case.path == "/userinfo" and looks_honest:
                headers = token
            answer = case.call_and_validate(base_url=ISSUER, headers=headers, checks=CHECKS)
            seen.add((case.path, case.method, answer.status_code))

        fuzz()
    # it came behind the door, too
    assert {("/authorize", "GET", 303), ("/par", "POST", 201), ("/register", "POST", 201)} <= seen
    assert {("/userinfo", "GET", 200), ("/introspect", "POST", 200), ("/revoke", "POST", 200)} <= seen
