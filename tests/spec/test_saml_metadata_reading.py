"""What we take of a service provider's metadata (saml-metadata-2.0-os, MDUI, algorithm support)."""

import pytest

from federation.saml.metadata.document import one_service_provider
from federation.saml.metadata.entity import AttributeService, Endpoint, EntityKey, RequestedAttribute, SpEntity
from federation.saml.metadata.reading import BadMetadata
from federation.saml.names import ARTIFACT, ECDSA_SHA256, POST, REDIRECT, SHA256, SOAP, TRANSIENT, URI_NAMES
from tests.support.sp_metadata import ACS, ENTITY_ID, NAMESPACES, UI, at, entities, entity

CARD = "urn:oid:2.5.4.3"


def read(text: str) -> SpEntity:
    return one_service_provider(text.encode())


def acs(location: str, binding: str = POST, more: str = 'index="5"') -> str:
    return f'<md:AssertionConsumerService Binding="{binding}" Location="{location}" {more}/>'


def test_metadata_2_3_2_an_entity_with_little_in_it() -> None:
    found = read(entity())
    assert (found.entity_id, found.assertion_consumers) == (ENTITY_ID, (Endpoint(POST, ACS, None, 0, None),))
    assert (found.authn_requests_signed, found.want_assertions_signed, found.valid_until) == (False, False, None)
    assert found.about.names == {"zh-CN": "社会保险", "en": "Social insurance"}


def test_metadata_2_4_4_endpoints_indexes_and_defaults_are_as_they_stand() -> None:
    within = acs(f"{ACS}/two", ARTIFACT, 'index="7" isDefault="true"') + acs(f"{ACS}/three", POST, 'index="9"')
    found = read(entity(within=within))
    assert [(each.location, each.index, each.is_default) for each in found.assertion_consumers] == [
        (f"{ACS}/two", 7, True),
        (f"{ACS}/three", 9, None),
        (ACS, 0, None),
    ]


@pytest.mark.parametrize(
    "location",
    [
        "http://portal.example/acs",
        "javascript:alert(1)",
        "https://user@portal.example/acs",
        "https://portal.example/acs#x",
        "https://portal.example\\@evil.example/",
        "https:///acs",
        "https://portal.example:99999/acs",
        "https://portal.example/a b",
        "",
    ],
)
def test_an_endpoint_that_is_no_protected_web_address_is_left_out(location: str) -> None:
    assert [each.location for each in read(entity(within=acs(location))).assertion_consumers] == [ACS]
    with pytest.raises(BadMetadata, match="AssertionConsumerService"):
        read(entity(acs=location))


def test_a_binding_that_we_do_not_speak_is_left_out() -> None:
    paos = acs(f"{ACS}/paos", "urn:oasis:names:tc:SAML:2.0:bindings:PAOS")
    assert len(read(entity(within=paos)).assertion_consumers) == 1


def test_http_will_do_on_this_machine() -> None:
    assert read(entity(acs="http://127.0.0.1:8003/acs")).assertion_consumers[0].location == "http://127.0.0.1:8003/acs"


def test_metadata_2_4_2_logout_endpoints() -> None:
    within = "".join(
        f'<md:SingleLogoutService Binding="{binding}" Location="https://portal.example/{number}" {more}/>'
        for number, (binding, more) in enumerate(
            ((REDIRECT, 'ResponseLocation="https://portal.example/back"'), (POST, ""), (SOAP, ""), (ARTIFACT, ""))
        )
    )
    assert read(entity(within=within)).single_logout == (
        Endpoint(REDIRECT, "https://portal.example/0", "https://portal.example/back"),
        Endpoint(POST, "https://portal.example/1"),
        Endpoint(SOAP, "https://portal.example/2"),
    )


def test_metadata_2_4_1_1_keys_with_their_use_and_methods() -> None:
    def key(use: str, method: str = "") -> str:
        data = "<ds:X509Data><ds:X509Certificate>\n AAAA\n BBBB \n</ds:X509Certificate></ds:X509Data>"
        return f"<md:KeyDescriptor {use}><ds:KeyInfo>{data}</ds:KeyInfo>{method}</md:KeyDescriptor>"

    method = f'<md:EncryptionMethod Algorithm="urn:x"><ds:DigestMethod Algorithm="{SHA256}"/></md:EncryptionMethod>'
    found = read(entity(within=key('use="signing"') + key('use="encryption"', method) + key("")))
    assert found.keys == (
        EntityKey("AAAABBBB", "signing"),
        EntityKey("AAAABBBB", "encryption", {"urn:x": (SHA256,)}),
        EntityKey("AAAABBBB"),
    )


def test_metadata_2_4_4_1_attribute_consuming_services() -> None:
    within = (
        '<md:AttributeConsumingService index="3" isDefault="1"><md:ServiceName xml:lang="zh-CN">养老金</md:ServiceName>'
        '<md:ServiceDescription xml:lang="en">Pensions</md:ServiceDescription>'
        f'<md:RequestedAttribute Name="{CARD}" NameFormat="{URI_NAMES}" FriendlyName="cn" isRequired="true"/>'
        "</md:AttributeConsumingService>"
    )
    requested = (RequestedAttribute(CARD, URI_NAMES, "cn", True),)
    assert read(entity(after=within)).attribute_services == (
        AttributeService(3, True, {"zh-CN": "养老金"}, {"en": "Pensions"}, requested),
    )


def test_algsupport_2_4_what_the_role_says_goes_before_what_the_entity_says() -> None:
    alg = 'xmlns:alg="urn:oasis:names:tc:SAML:metadata:algsupport"'
    within = (
        f'<md:Extensions {alg}><alg:DigestMethod Algorithm="{SHA256}"/>'
        f'<alg:SigningMethod Algorithm="{ECDSA_SHA256}"/></md:Extensions>'
    )
    found = read(entity(extensions=within))
    assert (found.signing_methods, found.digest_methods) == ((ECDSA_SHA256,), (SHA256,))
    text = entity().replace("<md:SPSSODescriptor", f"{within}<md:SPSSODescriptor", 1)
    assert read(text).signing_methods == (ECDSA_SHA256,)


def test_entity_attributes() -> None:
    within = (
        '<md:Extensions xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute" '
        'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><mdattr:EntityAttributes><saml:Attribute Name="urn:req">'
        "<saml:AttributeValue>subject-id</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>"
    )
    text = entity().replace("<md:SPSSODescriptor", f"{within}<md:SPSSODescriptor", 1)
    assert read(text).entity_attributes == {"urn:req": ("subject-id",)}


def test_what_a_service_provider_asks_to_be_signed_and_which_names_it_takes() -> None:
    found = read(
        entity(
            role='AuthnRequestsSigned="true" WantAssertionsSigned="1"',
            within=f"<md:NameIDFormat> {TRANSIENT} </md:NameIDFormat>",
        )
    )
    assert (found.authn_requests_signed, found.want_assertions_signed) == (True, True)
    assert found.name_id_formats == (TRANSIENT,)


def test_metadata_2_3_2_the_nearest_end_counts() -> None:
    assert read(entity(attributes=f'validUntil="{at(900)}"', role=f'validUntil="{at(800)}"')).valid_until == 800
    assert read(entity(attributes='validUntil="1970-01-01T08:00:09.5+08:00"')).valid_until == 9
    with pytest.raises(BadMetadata, match="validUntil"):
        read(entity(attributes='validUntil="tomorrow"'))


def test_mdui_links_that_are_none_are_left_out() -> None:
    links = "".join(
        f'<mdui:PrivacyStatementURL xml:lang="{tag}">{link}</mdui:PrivacyStatementURL>'
        for tag, link in (("en", "javascript:alert(1)"), ("zh-CN", "https://portal.example/p"))
    )
    found = read(entity(extensions=UI.replace("</mdui:UIInfo>", f"{links}</mdui:UIInfo>")))
    assert found.about.privacy_urls == {"zh-CN": "https://portal.example/p"}


def test_the_organization_names_what_mdui_does_not() -> None:
    organization = (
        '<md:Organization><md:OrganizationName xml:lang="en">x</md:OrganizationName><md:OrganizationDisplayName '
        'xml:lang="zh">人社局</md:OrganizationDisplayName><md:OrganizationURL xml:lang="zh">https://rsj.example'
        "</md:OrganizationURL></md:Organization><md:ContactPerson contactType='technical'><md:EmailAddress>mailto:a@b.c"
        "</md:EmailAddress></md:ContactPerson>"
    )
    text = entity(extensions="").replace("</md:EntityDescriptor>", f"{organization}</md:EntityDescriptor>")
    about = read(text).about
    assert (about.names, about.organization) == ({"zh": "人社局"}, {"zh": "人社局"})
    assert (about.information_urls, about.contacts) == ({"zh": "https://rsj.example"}, ("a@b.c",))


IDP = f'<md:EntityDescriptor {NAMESPACES} entityID="https://idp.example"><md:IDPSSODescriptor/></md:EntityDescriptor>'
SAML1 = entity().replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<x/>", "neither"),
        ("<md:EntityDescriptor", "well-formed"),
        (f"<!DOCTYPE x []>{entity()}", "document type"),
        (IDP, "no service provider"),
        (SAML1, "no service provider"),
        (entities(entity() + entity("https://other.example")), "more than one"),
        (entity(""), "entityID"),
        (entity("x" * 1025), "entityID"),
        (entity("not a uri"), "entityID"),
        (entity(within="<md:Surprise/>"), "not as metadata is"),
        (" " * 1_000_001, "too long"),
    ],
)
def test_metadata_that_will_not_do(text: str, why: str) -> None:
    with pytest.raises(BadMetadata, match=why):
        read(text)


def test_the_one_service_provider_among_others_is_found() -> None:
    assert read(entities(IDP + entities(entity()))).entity_id == ENTITY_ID
