"""Our own metadata at /saml/metadata (saml-metadata-2.0-os, saml2int SDP-MD*)."""

from datetime import datetime
from pathlib import Path

import pytest
from lxml.etree import _Element as Element
from werkzeug.test import TestResponse

from federation.saml import xml
from federation.saml.names import DS, METADATA, SHIBMD
from federation.saml.verifying import BadSignature, keys_of, signed
from idp.config import SettingsError
from tests.support.provider import ISSUER, Provider, running_provider, settings_for

ADDRESS = "/saml/metadata"


def fetched(provider: Provider, **headers: str) -> TestResponse:
    return provider.machine().get(ADDRESS, base_url=ISSUER, headers=headers)


def document(provider: Provider) -> Element:
    """Proved by a key that it names itself, as whoever pinned one of ours would."""
    response = fetched(provider)
    assert (response.status_code, response.content_type) == (200, "application/samlmetadata+xml")
    return signed(xml.parse(response.data, 100_000), keys_of(provider.services.saml_keys.published(), "signing"))


def certificates(entity: Element) -> list[str]:
    return [each.text or "" for each in entity.iter(f"{{{DS}}}X509Certificate")]


def locations(entity: Element) -> dict[str, set[str]]:
    role = entity.find(f"{{{METADATA}}}IDPSSODescriptor")
    assert role is not None
    found: dict[str, set[str]] = {}
    for each in role:
        if each.get("Location"):
            found.setdefault(each.tag.partition("}")[2], set()).add(str(each.get("Location")))
    return found


def test_it_is_signed_and_named_by_its_own_address(provider: Provider) -> None:
    assert document(provider).get("entityID") == ISSUER + ADDRESS
    with pytest.raises(BadSignature):
        signed(
            xml.parse(fetched(provider).data.replace(b"Citizen", b"Certain"), 100_000),
            keys_of(provider.services.saml_keys.published(), "signing"),
        )


def test_saml2int_sdp_md03_it_has_an_end(provider: Provider) -> None:
    end = datetime.fromisoformat(str(document(provider).get("validUntil"))).timestamp()
    assert 13 * 86_400 < end - provider.clock.now() <= 14 * 86_400


def test_current_and_next_keys_are_in_it(provider: Provider) -> None:
    keys = provider.services.saml_keys
    before = certificates(document(provider))
    assert before == [key.certificate for key in keys.published()]
    keys.rotate("saml:EC")
    provider.clock.advance(2)
    after = certificates(document(provider))
    assert (before[3], before[2] in after) == (after[2], False)


def test_every_endpoint_is_there(provider: Provider) -> None:
    found = locations(document(provider))
    assert found.keys() == {"SingleSignOnService", "SingleLogoutService", "ArtifactResolutionService"}
    there = {rule.rule for rule in provider.app.url_map.iter_rules()}
    assert {location.removeprefix(ISSUER) for of_kind in found.values() for location in of_kind} <= there


def test_saml2int_sdp_md12_citizens_are_sent_to_a_page_that_is_there(provider: Provider) -> None:
    [role] = document(provider).findall(f"{{{METADATA}}}IDPSSODescriptor")
    assert role.get("errorURL") == f"{ISSUER}/help"
    assert provider.machine().get("/help", base_url=ISSUER).status_code == 200


def test_all_workers_say_the_same_for_an_hour_and_an_etag_spares_the_rest(provider: Provider) -> None:
    first, other = fetched(provider), fetched(provider.with_services())
    assert (first.data, first.headers["ETag"]) == (other.data, other.headers["ETag"])
    again = fetched(provider, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    provider.clock.advance(3601)
    later = fetched(provider, **{"If-None-Match": first.headers["ETag"]})
    assert (later.status_code, later.data != first.data) == (200, True)


def test_what_the_operator_says_of_himself_is_in_it(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path,
        IDP_DISPLAY_NAME_ZH="某省统一认证",
        IDP_ORGANIZATION_NAME_ZH="某省 <数据> 局",
        IDP_ORGANIZATION_URL="https://data.example.cn/",
        IDP_TECHNICAL_CONTACT="idp@example.cn",
        IDP_SAML_SCOPE="example.cn",
        IDP_SAML_METADATA_DAYS="400",
    )
    with running_provider(settings) as provider:
        entity = document(provider)
        said = {each.text for each in entity.iter()}
        end = datetime.fromisoformat(str(entity.get("validUntil"))).timestamp()
        assert 399 * 86_400 < end - provider.clock.now() <= 400 * 86_400
    assert {"某省统一认证", "某省 <数据> 局", "https://data.example.cn/", "mailto:idp@example.cn", "example.cn"} <= said


def test_the_scope_is_the_issuers_host_where_nothing_else_is_said(provider: Provider) -> None:
    assert [each.text for each in document(provider).iter(f"{{{SHIBMD}}}Scope")] == ["id.example"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"IDP_DISPLAY_NAME_EN": "x" * 201}, "one line"),
        ({"IDP_ORGANIZATION_NAME_ZH": "局"}, "go together"),
        ({"IDP_ORGANIZATION_URL": "https://data.example.cn"}, "go together"),
        ({"IDP_ORGANIZATION_NAME_EN": "x"}, "needs IDP_ORGANIZATION_NAME_ZH"),
        ({"IDP_ORGANIZATION_URL": "javascript:alert(1)"}, "address of a page"),
        ({"IDP_SUPPORT_CONTACT": "nobody"}, "e-mail address"),
        ({"IDP_SAML_SCOPE": "Example.cn"}, "a domain"),
        ({"IDP_SAML_METADATA_DAYS": "1"}, "from 2 to 731"),
    ],
)
def test_settings_that_will_not_do(tmp_path: Path, variables: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_for(tmp_path, **variables)
