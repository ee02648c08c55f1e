"""`sector_identifier_uri`: OIDC Registration section 5, OIDC Core section 8.1."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.errors import InvalidClientMetadata, InvalidSectorIdentifier
from idp.oidc.register import InitialTokens
from tests.support.answers import id_token_claims
from tests.support.key_server import KeyServer, key_server
from tests.support.known import Known, acquainted
from tests.support.provider import CALLBACK, ISSUER, Provider, Registered, running_provider, settings_for

OTHER = "https://other.example/callback"
ALL = [CALLBACK, OTHER, "https://third.example/cb", "com.example.app:/cb"]


@dataclass
class Scene:
    known: Known
    server: KeyServer

    @property
    def provider(self) -> Provider:
        return self.known.provider

    @property
    def uri(self) -> str:
        return self.server.at("sector.json")

    def client(self, *redirect_uris: str, **more: Any) -> Registered:
        return self.known.meet(
            redirect_uris=list(redirect_uris), sector_identifier_uri=self.uri, scope="openid profile", **more
        )

    def sub(self, client: Registered) -> str:
        return str(id_token_claims(self.known.tokens(client)["id_token"])["sub"])


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with key_server() as server:
        settings = settings_for(tmp_path_factory.mktemp("sector"), IDP_OUTBOUND_ALLOW=server.allowed)
        with running_provider(settings) as provider:
            yield Scene(acquainted(provider), server)


@pytest.fixture(autouse=True)
def honest(scene: Scene) -> None:
    scene.server.publish(ALL)


def test_oidc_core_8_1_clients_of_one_sector_know_a_citizen_by_one_name(scene: Scene) -> None:
    one, two = scene.client(CALLBACK, OTHER), scene.client("https://third.example/cb")
    assert scene.sub(one) == scene.sub(two) != scene.sub(scene.known.client)
    shown = scene.provider.services.clients.describe(one.client)
    assert shown["sector_identifier_uri"] == scene.uri


def test_oidc_registration_5_an_app_may_be_of_a_sector(scene: Scene) -> None:
    app = scene.client("com.example.app:/cb", application_type="native")
    assert scene.sub(app) == scene.sub(scene.client(CALLBACK))


def test_oidc_registration_2_several_hosts_without_a_sector_are_refused(scene: Scene) -> None:
    with pytest.raises(InvalidClientMetadata, match="sector_identifier_uri"):
        scene.provider.client(redirect_uris=[CALLBACK, OTHER])


PUBLISHED: dict[str, tuple[Any, int]] = {
    "one is missing": ([CALLBACK], 200),
    "one is nearly there": ([CALLBACK, OTHER + "/"], 200),
    "none": ([], 200),
    "an object": ({"redirect_uris": ALL}, 200),
    "a list with something else": ([*ALL, 7], 200),
    "one text": (" ".join(ALL), 200),
    "a page": (b"<html>", 200),
    "nothing": (b"", 200),
    "an error": (ALL, 404),
    "an error of theirs": (ALL, 500),
}


@pytest.mark.parametrize("fault", PUBLISHED)
def test_oidc_registration_5_every_redirect_address_has_to_be_published(scene: Scene, fault: str) -> None:
    scene.server.publish(*PUBLISHED[fault])
    with pytest.raises(InvalidSectorIdentifier):
        scene.client(CALLBACK, OTHER)


def test_what_is_wrong_already_is_not_fetched(scene: Scene) -> None:
    before = scene.server.asked
    with pytest.raises(InvalidClientMetadata):
        scene.client(CALLBACK, contacts="x")
    assert scene.server.asked == before


# -- over HTTP ---------------------------------------------------------------------------------------------------------


def register(scene: Scene, **changes: Any) -> TestResponse:
    services = scene.provider.services
    token = InitialTokens(services.state, services.randomness).issue(60)
    body = {"redirect_uris": [CALLBACK, OTHER], "sector_identifier_uri": scene.uri} | changes
    headers = {"Authorization": f"Bearer {token}"}
    return scene.provider.machine().post("/register", base_url=ISSUER, json=body, headers=headers)


def change(scene: Scene, told: dict[str, Any], **changes: Any) -> TestResponse:
    known = {name: told.get(name) for name in ("client_id", "redirect_uris", "sector_identifier_uri")}
    headers = {"Authorization": f"Bearer {told['registration_access_token']}"}
    path = f"/register/{told['client_id']}"
    return scene.provider.machine().put(path, base_url=ISSUER, json=known | changes, headers=headers)


def test_rfc7591_3_2_2_the_answer_says_which_member_and_not_what_was_found(scene: Scene) -> None:
    answers = set()
    for document, status in PUBLISHED.values():
        scene.server.publish(document, status)
        answer = register(scene)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
        answers.add(answer.get_json()["error_description"])
    assert len(answers) == 1
    assert "sector_identifier_uri" in answers.pop()


def test_rfc7592_2_2_at_a_change_it_is_fetched_again_and_the_sector_stays(scene: Scene) -> None:
    told = register(scene).get_json()
    assert change(scene, told).status_code == 200
    assert change(scene, told, redirect_uris=ALL[:3]).status_code == 200
    elsewhere = {"redirect_uris": [OTHER], "sector_identifier_uri": None}
    assert change(scene, told, **elsewhere).get_json()["error"] == "invalid_client_metadata"
    scene.server.publish([CALLBACK])
    assert change(scene, told).get_json()["error"] == "invalid_client_metadata"
    kept = scene.provider.services.clients.get(told["client_id"])
    assert kept is not None
    assert list(kept.redirect_uris) == ALL[:3]


def test_rfc7592_2_2_a_client_of_one_host_may_not_join_a_sector(scene: Scene) -> None:
    told = register(scene, redirect_uris=[CALLBACK], sector_identifier_uri=None).get_json()
    answer = change(scene, told, sector_identifier_uri=scene.uri)
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_client_metadata")
