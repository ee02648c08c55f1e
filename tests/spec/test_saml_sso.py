"""Single sign-on at /saml/sso (saml-profiles-2.0-os section 4.1, saml-core-2.0-os section 3.4)."""

import pytest

from federation.saml import names
from tests.support.provider import Provider, Registered, Visitor
from tests.support.service_provider import ENTITY, NAME, NUMBER, SSO, TestedProvider, credential
from tests.support.signed_in import SignedIn
from tests.support.sp_metadata import entity
from tests.support.totp import totp_now

CLASS = "<saml:AuthnContextClassRef>{1}</saml:AuthnContextClassRef>"
CONTEXT = f"<samlp:RequestedAuthnContext{{0}}>{CLASS}</samlp:RequestedAuthnContext>"


def context(level: int, comparison: str = "exact") -> str:
    return CONTEXT.format(f' Comparison="{comparison}"', f"urn:citizen-idp:aal:{level}")


def test_saml_profiles_4_1_a_citizen_signs_in_and_the_service_provider_learns_what_it_may(provider: Provider) -> None:
    sp, person = TestedProvider(provider, asks={NAME: True}), provider.citizen(name="王小明𠮷")
    heard = sp.arrive(provider.visitor(), person)
    now = int(provider.clock.now())
    assert (heard.place, heard.statuses) == (sp.acs, ["Success"])
    assert heard.response.get("InResponseTo") == "_sp-1"
    assert heard.response.get("Destination") == sp.acs
    assert heard.attributes == {NAME: ["王小明𠮷"]}
    assert heard.text("Audience") == sp.entity_id
    assert heard.text("AuthnContextClassRef") == "urn:citizen-idp:aal:1"
    data = heard.element("SubjectConfirmationData")
    assert (data.get("Recipient"), data.get("InResponseTo")) == (sp.acs, "_sp-1")
    assert data.get("NotOnOrAfter") == heard.element("Conditions").get("NotOnOrAfter")
    assert heard.element("NameID").get("Format") == names.TRANSIENT
    assert heard.assertion.findtext(f"{{{names.ASSERTION}}}Issuer") == ENTITY
    assert abs(now - provider.clock.now()) < 1


def test_a_citizen_of_an_oidc_client_is_known_here_and_the_other_way_round(provider: Provider) -> None:
    sp, at = TestedProvider(provider), SignedIn(provider)
    page = at.visitor.get(sp.address())
    assert sp.hears(at.visitor.allow(page)).statuses == ["Success"]
    other, visitor, person = provider.client(), provider.visitor(), provider.citizen()
    sp.arrive(visitor, person)
    assert "code" in parameters_after(visitor, other)


def parameters_after(visitor: Visitor, client: Registered) -> str:
    page = visitor.authorize(client)
    return visitor.allow(page).location


def test_the_second_time_nothing_is_asked_and_the_names_are_the_same(provider: Provider) -> None:
    sp, visitor = TestedProvider(provider), provider.visitor()
    first, second = sp.arrive(visitor, provider.citizen()), sp.hop(visitor)
    assert second.text("NameID") == first.text("NameID")
    index = second.element("AuthnStatement").get("SessionIndex")
    assert index == first.element("AuthnStatement").get("SessionIndex")
    assert second.assertion.get("ID") != first.assertion.get("ID")


def test_saml_core_8_3_7_a_persistent_name_is_another_for_each_service_provider(provider: Provider) -> None:
    policy = f'<samlp:NameIDPolicy Format="{names.PERSISTENT}" AllowCreate="true"/>'
    first, second, person = TestedProvider(provider), TestedProvider(provider, "other"), provider.citizen()
    named = first.arrive(provider.visitor(), person, inner=policy)
    again = first.arrive(provider.visitor(), person, inner=policy)
    other = second.arrive(provider.visitor(), person, inner=policy)
    assert named.text("NameID") == again.text("NameID") != other.text("NameID")
    assert named.element("NameID").get("Format") == names.PERSISTENT
    assert named.element("NameID").get("SPNameQualifier") == first.entity_id


def test_saml_core_3_4_1_1_without_allow_create_a_newcomer_is_not_named(provider: Provider) -> None:
    policy = '<samlp:NameIDPolicy Format="{0}" AllowCreate="{1}"/>'
    sp, visitor, person = TestedProvider(provider), provider.visitor(), provider.citizen()
    refused = sp.hears(
        visitor.password(visitor.get(sp.address(sp.request(inner=policy.format(names.PERSISTENT, "false")))), person)
    )
    assert refused.statuses == ["Responder", "InvalidNameIDPolicy"]
    page = visitor.get(sp.address(sp.request(inner=policy.format(names.PERSISTENT, "true"))))
    assert sp.hears(visitor.allow(page)).statuses == ["Success"]
    assert sp.hop(visitor, inner=policy.format(names.PERSISTENT, "false")).statuses == ["Success"]


def test_the_consent_page_says_whether_the_service_knows_the_citizen_again(provider: Provider) -> None:
    words = ("其他服务得到的标识各不相同", "今后无法再认出您")
    pairwise = TestedProvider(provider, "pairwise", asks={"urn:oasis:names:tc:SAML:attribute:pairwise-id": False})
    passing = TestedProvider(provider, "passing")
    lasting = TestedProvider(provider, "lasting", terms={"name_id_format": names.PERSISTENT})
    visitor = provider.visitor()
    visitor.password(visitor.get(passing.address()), provider.citizen())
    for sp, known_again in ((passing, False), (pairwise, True), (lasting, True)):
        page = visitor.get(sp.address()).text
        assert [each in page for each in words] == [known_again, not known_again]


@pytest.mark.parametrize(
    "policy",
    [
        '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"/>',
        '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"/>',
        '<samlp:NameIDPolicy SPNameQualifier="https://affiliation.example"/>',
    ],
)
def test_saml_core_3_4_1_1_another_policy_is_refused(provider: Provider, policy: str) -> None:
    sp = TestedProvider(provider)
    heard = sp.hears(provider.visitor().get(sp.address(sp.request(inner=policy))))
    assert heard.statuses == ["Requester", "InvalidNameIDPolicy"]
    assert heard.assertion is None


def test_saml_core_3_4_1_is_passive_asks_nobody(provider: Provider) -> None:
    sp, visitor = TestedProvider(provider), provider.visitor()
    assert sp.hop(visitor, IsPassive="true").statuses == ["Responder", "NoPassive"]
    sp.arrive(visitor, provider.citizen())
    assert sp.hop(visitor, IsPassive="true").statuses == ["Success"]
    assert sp.hop(visitor, IsPassive="true", ForceAuthn="true").statuses == ["Responder", "NoPassive"]


def test_saml_core_3_4_1_force_authn_asks_anew(provider: Provider) -> None:
    sp, visitor, person = TestedProvider(provider), provider.visitor(), provider.citizen()
    before = sp.arrive(visitor, person)
    provider.clock.advance(600)
    page = visitor.get(sp.address(sp.request(ForceAuthn="true")))
    assert "username" in page.text
    after = sp.hears(visitor.password(page, person))
    assert after.element("AuthnStatement").get("AuthnInstant") > before.element("AuthnStatement").get("AuthnInstant")


def test_saml_core_3_3_2_2_1_a_level_that_is_asked_is_reached_by_a_second_factor(provider: Provider) -> None:
    sp, visitor, person = TestedProvider(provider), provider.visitor(), provider.citizen(totp=True)
    page = visitor.password(visitor.get(sp.address(sp.request(inner=context(2, "minimum")))), person)
    page = visitor.submit(page, "otp", otp=totp_now(provider, person))
    assert sp.hears(visitor.allow(page)).text("AuthnContextClassRef") == "urn:citizen-idp:aal:2"
    assert sp.hop(visitor, inner=context(1)).text("AuthnContextClassRef") == "urn:citizen-idp:aal:1"
    assert sp.hop(visitor, inner=context(1, "better")).text("AuthnContextClassRef") == "urn:citizen-idp:aal:2"


@pytest.mark.parametrize("asked", [context(3), context(2, "better"), CONTEXT.format("", "urn:of:others")])
def test_saml_core_3_3_2_2_1_a_level_that_is_not_offered_is_refused(provider: Provider, asked: str) -> None:
    sp = TestedProvider(provider)
    heard = sp.hears(provider.visitor().get(sp.address(sp.request(inner=asked))))
    assert heard.statuses == ["Responder", "NoAuthnContext"]


def test_a_level_that_this_citizen_cannot_reach_is_refused(provider: Provider) -> None:
    sp, visitor = TestedProvider(provider), provider.visitor()
    page = visitor.get(sp.address(sp.request(inner=context(2))))
    assert sp.hears(visitor.password(page, provider.citizen())).statuses == ["Responder", "NoAuthnContext"]


def test_who_does_not_agree_is_led_back_all_the_same(provider: Provider) -> None:
    sp, visitor = TestedProvider(provider), provider.visitor()
    page = visitor.password(visitor.get(sp.address(relay_state="r")), provider.citizen())
    heard = sp.hears(visitor.submit(page, "decision", decision="deny"))
    assert (heard.statuses, heard.relay_state) == (["Responder", "RequestDenied"], "r")


def test_saml_core_3_4_1_2_only_if_we_are_among_those_who_may_answer(provider: Provider) -> None:
    entries = '<samlp:IDPList><samlp:IDPEntry ProviderID="{0}"/></samlp:IDPList>'
    scoping = f'<samlp:Scoping ProxyCount="0">{entries}</samlp:Scoping>'
    sp, visitor = TestedProvider(provider), provider.visitor()
    refused = sp.hop(visitor, inner=scoping.format("https://other.example/idp"))
    assert refused.statuses == ["Responder", "NoSupportedIDP"]
    assert "username" in visitor.get(sp.address(sp.request(inner=scoping.format(ENTITY)))).text


def test_saml_core_3_4_1_4_another_subject_will_not_do(provider: Provider) -> None:
    subject = f'<saml:Subject><saml:NameID Format="{names.PERSISTENT}">{{0}}</saml:NameID></saml:Subject>'
    policy = f'<samlp:NameIDPolicy Format="{names.PERSISTENT}" AllowCreate="true"/>'
    sp, visitor = TestedProvider(provider), provider.visitor()
    name = sp.arrive(visitor, provider.citizen(), inner=policy).text("NameID")
    assert sp.hop(visitor, inner=subject.format(name) + policy).text("NameID") == name
    assert "username" in visitor.get(sp.address(sp.request(inner=subject.format("somebody") + policy))).text


@pytest.mark.parametrize("qualifier", ["NameQualifier", "SPNameQualifier"])
def test_saml_core_3_4_1_4_a_subject_whom_others_named_is_not_known(provider: Provider, qualifier: str) -> None:
    named = f'<saml:NameID Format="{names.PERSISTENT}" {qualifier}="https://other.example">n</saml:NameID>'
    sp = TestedProvider(provider)
    heard = sp.hop(provider.visitor(), inner=f"<saml:Subject>{named}</saml:Subject>")
    assert heard.statuses == ["Responder", "UnknownPrincipal"]


def test_who_has_no_algorithm_in_common_with_us_hears_so_before_a_citizen_is_asked(provider: Provider) -> None:
    sp = TestedProvider(provider)
    method = f'<md:EncryptionMethod Algorithm="{names.AES128_CBC}"/></md:KeyDescriptor>'
    document = entity(sp.entity_id, acs=sp.acs, keys=[credential(sp.name)[1]])
    provider.service_provider(document.replace("</md:KeyDescriptor>", method))
    provider.clock.advance(1)
    assert sp.hop(provider.visitor()).statuses == ["Responder", "RequestUnsupported"]


def test_saml_bindings_3_5_a_request_by_post_is_answered_after_a_get_that_brings_our_cookies(
    provider: Provider,
) -> None:
    sp, visitor = TestedProvider(provider), provider.visitor()
    page = sp.posts(visitor, sp.fields(relay_state="back to 首页"))
    page = visitor.allow(visitor.password(page, provider.citizen()))
    heard = sp.hears(page)
    assert (heard.statuses, heard.relay_state) == (["Success"], "back to 首页")
    assert sp.hears(sp.posts(visitor, sp.fields(signed=True))).statuses == ["Success"]


def test_saml_core_5_a_request_that_is_signed_is_taken(provider: Provider) -> None:
    sp, visitor = TestedProvider(provider, role='AuthnRequestsSigned="true"'), provider.visitor()
    page = visitor.password(visitor.get(sp.address(signed=True, relay_state="r")), provider.citizen())
    assert sp.hears(visitor.allow(page)).relay_state == "r"


def test_only_what_is_requested_registered_and_agreed_to_is_told(provider: Provider) -> None:
    sp = TestedProvider(
        provider,
        asks={NAME: False, NUMBER: False},
        terms={"attributes": ("name", "citizen_id_number", "birthdate"), "optional": ("name",)},
    )
    visitor, person = provider.visitor(), provider.citizen()
    page = visitor.password(visitor.get(sp.address()), person)
    heard = sp.hears(visitor.allow(page, "citizen_id_number"))
    assert heard.attributes == {NUMBER: [person.number]}
    sp.publish(attributes=("name",))
    provider.clock.advance(1)
    assert sp.hop(visitor).attributes == {}


def test_saml_subject_id_by_entity_attribute(provider: Provider) -> None:
    wants = (
        '<md:Extensions><mdattr:EntityAttributes xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute">'
        '<saml:Attribute xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
        ' Name="urn:oasis:names:tc:SAML:profiles:subject-id:req"'
        f' NameFormat="{names.URI_NAMES}"><saml:AttributeValue>pairwise-id</saml:AttributeValue></saml:Attribute>'
        "</mdattr:EntityAttributes></md:Extensions>"
    )
    sp = TestedProvider(provider, entity_extensions=wants)
    heard = sp.arrive(provider.visitor(), provider.citizen())
    (value,) = heard.attributes["urn:oasis:names:tc:SAML:attribute:pairwise-id"]
    assert value.endswith("@id.example")


def test_saml_core_2_5_the_assertion_is_signed_where_metadata_wants_that(provider: Provider) -> None:
    plain, wants = TestedProvider(provider), TestedProvider(provider, "wants", role='WantAssertionsSigned="true"')
    signature = f"{{{names.DS}}}Signature"
    person = provider.citizen()
    assert plain.arrive(provider.visitor(), person).assertion.find(signature) is None
    assert wants.arrive(provider.visitor(), person).assertion.find(signature) is not None


def test_without_a_key_to_encrypt_to_the_assertion_is_plain(provider: Provider) -> None:
    sp = TestedProvider(provider, encrypts=False)
    heard = sp.arrive(provider.visitor(), provider.citizen())
    assert heard.assertion.getparent() is heard.response


def test_saml_profiles_4_1_5_unsolicited_only_where_an_operator_allowed_it(provider: Provider) -> None:
    sp, visitor = TestedProvider(provider), provider.visitor()
    start = f"/saml/start?sp={sp.entity_id}&RelayState=r"
    assert visitor.get(start).status_code == 400
    sp.publish(idp_initiated=True)
    provider.clock.advance(1)
    heard = sp.hears(visitor.allow(visitor.password(visitor.get(start), provider.citizen())))
    assert (heard.statuses, heard.relay_state, heard.response.get("InResponseTo")) == (["Success"], "r", None)
    assert heard.element("SubjectConfirmationData").get("InResponseTo") is None
    assert heard.response.get("Destination") == sp.acs
    assert SSO not in heard.place
