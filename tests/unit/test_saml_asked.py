"""What a SAML request asks, as tables: levels, places, names, attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from federation.mapping import BY_NAME
from federation.saml import names
from federation.saml.authn_request import AuthnRequest, Comparison, NameIdPolicy, RequestedAuthnContext
from federation.saml.metadata.entity import AttributeService, Endpoint, RequestedAttribute, SpEntity
from federation.saml.response import Status
from idp.login.assurance import OFFERED, acr
from idp.saml.service_provider import ServiceProvider, party_id_of
from idp.saml.sso.attributes import Requested, released, requested
from idp.saml.sso.consumers import NoConsumer, consumer, unsolicited
from idp.saml.sso.formats import Named, named
from idp.saml.sso.levels import CLASSES, Levels, Unreachable, levels
from idp.saml.sso.statuses import StatusRefusal

EXACT, MINIMUM, MAXIMUM, BETTER = Comparison
PPT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
MFA = "https://refeds.org/profile/mfa"
X509 = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509"
A1, A2, A3 = map(acr, (1, 2, 3))
SP = "https://sp.example/saml"
REQUEST = AuthnRequest("_1", SP, 0, signed=False)
POST_PLACE = Endpoint(names.POST, "https://sp.example/post", index=0)
ARTIFACT_PLACE = Endpoint(names.ARTIFACT, "https://sp.example/artifact", index=1)


def asked(comparison: Comparison, *classes: str) -> Levels:
    return levels(RequestedAuthnContext(comparison, classes))


# -- levels (saml-core-2.0-os section 3.3.2.2.1) ----------------------------------------------------------------------

REACHED: Sequence[tuple[Comparison, Sequence[str], int, bool, Mapping[int, str]]] = [
    # what is asked: the level to reach, whether less is refused, and what is told at each level that will do
    (EXACT, [A1], 1, True, {1: A1, 2: A1}),
    (EXACT, [A2], 2, True, {2: A2}),
    (EXACT, [PPT], 1, True, {1: PPT, 2: PPT}),
    (EXACT, [X509, PPT], 1, True, {1: PPT}),
    (EXACT, [A3, A2], 2, True, {2: A2}),
    (EXACT, [A3, MFA, PPT], 2, False, {1: PPT, 2: MFA}),
    (EXACT, [A1, A2], 1, True, {1: A1, 2: A1}),
    (EXACT, [A2, A1], 2, False, {1: A1, 2: A2}),
    (MINIMUM, [A1], 1, True, {1: A1, 2: A2}),
    (MINIMUM, [PPT], 1, True, {1: PPT, 2: A2}),
    (MINIMUM, [A2, A3], 2, True, {2: A2}),
    (MINIMUM, [X509, MFA], 2, True, {2: MFA}),
    (MINIMUM, [MFA, PPT], 2, False, {1: PPT, 2: MFA}),
    (MAXIMUM, [A1], 1, False, {1: A1, 2: A1}),
    (MAXIMUM, [A2], 2, False, {1: A1, 2: A2}),
    (MAXIMUM, [A3], 2, False, {1: A1, 2: A2}),
    (MAXIMUM, [A1, A3], 2, False, {1: A1, 2: A2}),
    (MAXIMUM, [X509, PPT], 1, False, {1: PPT, 2: PPT}),
    (BETTER, [A1], 2, True, {2: A2}),
    (BETTER, [PPT, A1], 2, True, {2: A2}),
]


@pytest.mark.parametrize(("comparison", "classes", "aal", "essential", "told"), REACHED)
def test_a_level_is_reached_and_told(
    comparison: Comparison, classes: Sequence[str], aal: int, essential: bool, told: Mapping[int, str]
) -> None:
    found = asked(comparison, *classes)
    assert (found.aal, found.essential) == (aal, essential)
    assert {level: found.told(level) for level in told} == told


UNREACHABLE: Sequence[tuple[Comparison, Sequence[str]]] = [
    *((comparison, [X509]) for comparison in Comparison),
    *((comparison, []) for comparison in Comparison),
    (EXACT, [A3]),
    (MINIMUM, [A3]),
    (BETTER, [A2]),
    (BETTER, [A3]),
    (BETTER, [A1, A2]),
    (BETTER, [A1, X509]),
]


@pytest.mark.parametrize(("comparison", "classes"), UNREACHABLE)
def test_a_level_that_no_sign_in_here_reaches(comparison: Comparison, classes: Sequence[str]) -> None:
    with pytest.raises(Unreachable):
        asked(comparison, *classes)


def test_where_nothing_is_asked_the_level_is_told_that_was_reached() -> None:
    assert [levels(None).told(level) for level in OFFERED] == [A1, A2]


def test_what_will_do_is_true_of_whoever_is_let_through() -> None:
    """For every two classes: a session that is let through is told of a class that the comparison allows."""
    for one in CLASSES:
        for other in CLASSES:
            for comparison in (EXACT, MINIMUM):
                try:
                    found = asked(comparison, one, other)
                except Unreachable:
                    continue
                for aal in OFFERED[found.aal - 1 if found.essential else 0 :]:
                    told = found.told(aal)
                    assert CLASSES[told] <= aal
                    assert told in (one, other) or (comparison is MINIMUM and CLASSES[told] >= 1)
                    assert CLASSES[told] >= min(CLASSES[one], CLASSES[other])


# -- places (saml-metadata-2.0-os section 2.2.3) ----------------------------------------------------------------------


def sp_with(*places: Endpoint) -> SpEntity:
    return SpEntity(SP, places)


def at(place: Endpoint, index: int, is_default: bool | None = None) -> Endpoint:
    return replace(place, location=f"{place.location}/{index}", index=index, is_default=is_default)


DEFAULTS: Sequence[tuple[Sequence[Endpoint], int, int]] = [
    # the places, and the index of the one chosen by itself and where an artifact is liked better
    ([at(POST_PLACE, 3)], 3, 3),
    ([at(POST_PLACE, 3), at(POST_PLACE, 1)], 3, 3),
    ([at(POST_PLACE, 0), at(POST_PLACE, 1, True), at(POST_PLACE, 2, True)], 1, 1),
    ([at(POST_PLACE, 0, False), at(POST_PLACE, 1)], 1, 1),
    ([at(POST_PLACE, 0, False), at(POST_PLACE, 1, False)], 0, 0),
    ([at(ARTIFACT_PLACE, 0), at(POST_PLACE, 1)], 1, 0),
    ([at(POST_PLACE, 0), at(ARTIFACT_PLACE, 1, True)], 1, 1),
    ([at(POST_PLACE, 0, True), at(ARTIFACT_PLACE, 1)], 0, 1),
    ([at(Endpoint(names.REDIRECT, "https://sp.example/redirect"), 0, True), at(POST_PLACE, 1, False)], 1, 1),
]


@pytest.mark.parametrize(("places", "chosen", "by_artifact"), DEFAULTS)
def test_the_default_place(places: Sequence[Endpoint], chosen: int, by_artifact: int) -> None:
    assert consumer(REQUEST, sp_with(*places), by_artifact=False).index == chosen
    assert unsolicited(sp_with(*places), by_artifact=False).index == chosen
    assert consumer(REQUEST, sp_with(*places), by_artifact=True).index == by_artifact


def test_the_place_that_the_request_names() -> None:
    entity = sp_with(POST_PLACE, ARTIFACT_PLACE, replace(ARTIFACT_PLACE, location=POST_PLACE.location, index=2))
    for changes, index in (
        ({"acs_index": 1}, 1),
        ({"acs_url": POST_PLACE.location}, 0),
        ({"acs_url": POST_PLACE.location, "protocol_binding": names.ARTIFACT}, 2),
        ({"protocol_binding": names.ARTIFACT}, 1),
        ({"protocol_binding": "nonsense"}, 0),
        ({"acs_url": ARTIFACT_PLACE.location, "protocol_binding": names.POST}, 1),
    ):
        assert consumer(replace(REQUEST, **changes), entity, by_artifact=False).index == index
    for nowhere in ({"acs_index": 7}, {"acs_url": ""}):
        with pytest.raises(NoConsumer):
            consumer(replace(REQUEST, **nowhere), entity, by_artifact=False)
    with pytest.raises(NoConsumer):
        unsolicited(sp_with(Endpoint(names.REDIRECT, "https://sp.example/redirect")), by_artifact=True)


# -- names (saml-core-2.0-os section 3.4.1.1) -------------------------------------------------------------------------


def provider(entity: SpEntity | None = None, **terms: object) -> ServiceProvider:
    return ServiceProvider(party_id=party_id_of(SP), entity=entity or sp_with(POST_PLACE), **terms)


POLICIES: Sequence[tuple[NameIdPolicy | None, Named | None, Named | None]] = [
    # the policy, and the answer where the operator chose transient and persistent names
    (None, Named("t", False), Named("p", False)),
    (NameIdPolicy(None, None, False), Named("t", False), Named("p", True)),
    (NameIdPolicy(None, None, True), Named("t", False), Named("p", False)),
    (NameIdPolicy(names.UNSPECIFIED, None, True), Named("t", False), Named("p", False)),
    (NameIdPolicy(names.TRANSIENT, None, False), Named("t", False), Named("t", False)),
    (NameIdPolicy(names.PERSISTENT, SP, True), Named("p", False), Named("p", False)),
    (NameIdPolicy(names.PERSISTENT, None, False), Named("p", True), Named("p", True)),
    (NameIdPolicy(names.PERSISTENT, "https://affiliation.example", True), None, None),
    (NameIdPolicy(names.ENTITY, None, True), None, None),
    (NameIdPolicy("", None, True), Named("t", False), Named("p", False)),
]


@pytest.mark.parametrize(("policy", "transient", "persistent"), POLICIES)
def test_the_kind_of_name(policy: NameIdPolicy | None, transient: Named | None, persistent: Named | None) -> None:
    request = replace(REQUEST, name_id_policy=policy)
    for name_format, expected in ((names.TRANSIENT, transient), (names.PERSISTENT, persistent)):
        if expected is not None:
            assert named(request, provider(name_id_format=name_format)) == expected
            continue
        with pytest.raises(StatusRefusal) as refused:
            named(request, provider(name_id_format=name_format))
        assert refused.value.status == Status(names.REQUESTER, names.INVALID_NAME_ID_POLICY)


@pytest.mark.parametrize(
    ("formats", "said", "word"),
    [
        ((), None, "t"),
        ((names.PERSISTENT,), None, "p"),
        ((names.UNSPECIFIED, names.PERSISTENT, names.TRANSIENT), None, "p"),
        ((names.TRANSIENT, names.PERSISTENT), None, "t"),
        ((names.PERSISTENT,), names.TRANSIENT, "t"),
        ((names.ENTITY,), None, "t"),
    ],
)
def test_the_kind_of_name_where_it_is_left_open(formats: Sequence[str], said: str | None, word: str) -> None:
    """The operator goes before the metadata, and that before our own choice."""
    entity = replace(sp_with(POST_PLACE), name_id_formats=tuple(formats))
    assert named(REQUEST, provider(entity, name_id_format=said)).name_format == word


# -- attributes -------------------------------------------------------------------------------------------------------

EVERYTHING = tuple(BY_NAME)
REQUIREMENT = "urn:oasis:names:tc:SAML:profiles:subject-id:req"


def wish(name: str, required: bool = False, name_format: str = names.URI_NAMES) -> RequestedAttribute:
    return RequestedAttribute(BY_NAME[name].saml if name in BY_NAME else name, name_format, None, required)


def service(index: int, *wishes: RequestedAttribute, is_default: bool | None = None) -> AttributeService:
    return AttributeService(index, is_default, {}, {}, wishes)


def wishing(*services: AttributeService, identifiers: Sequence[str] = (), **terms: object) -> ServiceProvider:
    entity = replace(
        sp_with(POST_PLACE),
        attribute_services=services,
        entity_attributes={REQUIREMENT: tuple(identifiers)} if identifiers else {},
    )
    return provider(entity, **({"attributes": EVERYTHING} | terms))


def test_of_what_is_requested_what_is_registered_in_the_order_of_the_table() -> None:
    asks = service(0, wish("email", required=True), wish("name"), wish("citizen_id_number", required=True))
    assert requested(wishing(asks), None) == Requested(
        ("name", "email", "citizen_id_number"), ("email", "citizen_id_number")
    )
    some = wishing(asks, attributes=("name", "email", "address"), optional=("email",))
    assert requested(some, None) == Requested(("name", "email"), ())
    assert requested(wishing(asks, attributes=None), None) == Requested(("name",), ())
    assert requested(wishing(asks, attributes=()), None) == Requested((), ())


def test_saml_metadata_2_4_4_the_service_that_the_request_names_or_the_default_one() -> None:
    two = wishing(service(1, wish("name")), service(4, wish("email"), is_default=True), service(5, wish("gender")))
    assert [requested(two, index).names for index in (None, 1, 4, 5)] == [
        ("email",),
        ("name",),
        ("email",),
        ("gender",),
    ]
    for of, index in ((two, 0), (two, 65_535), (wishing(), 1)):
        with pytest.raises(StatusRefusal) as refused:
            requested(of, index)
        assert refused.value.status.detail == names.REQUEST_UNSUPPORTED


def test_an_attribute_goes_by_its_name_and_format() -> None:
    for name_format, expected in (
        (names.URI_NAMES, ("name",)),
        (names.UNSPECIFIED_NAMES, ("name",)),
        (names.BASIC_NAMES, ()),
        ("", ()),
    ):
        assert requested(wishing(service(0, wish("name", name_format=name_format))), None).names == expected
    stranger = service(0, wish("urn:oid:1.3.6.1.4.1.5923.1.1.1.6"), wish("displayName"), wish("name "))
    assert requested(wishing(stranger), None) == Requested((), ())


def test_what_is_requested_twice_is_required_if_it_is_once() -> None:
    twice = service(0, wish("name", required=True), wish("name"))
    assert requested(wishing(twice), None) == Requested(("name",), ("name",))


@pytest.mark.parametrize(
    ("identifiers", "attributes", "expected"),
    [
        (["subject-id"], EVERYTHING, ("subject_id",)),
        (["pairwise-id"], EVERYTHING, ("pairwise_id",)),
        (["any"], EVERYTHING, ("pairwise_id",)),
        (["any"], ("subject_id",), ("subject_id",)),
        (["any"], None, ("pairwise_id",)),
        (["any"], ("pairwise_id",), ("pairwise_id",)),
        (["none"], EVERYTHING, ()),
        (["nonsense"], EVERYTHING, ()),
        (["subject-id", "pairwise-id"], EVERYTHING, ()),
        (["subject-id"], None, ()),
        (["pairwise-id"], ("name",), ()),
    ],
)
def test_saml_subject_id_the_identifier_that_an_entity_attribute_asks(
    identifiers: Sequence[str], attributes: Sequence[str] | None, expected: Sequence[str]
) -> None:
    of = wishing(service(0, wish("gender")), identifiers=identifiers, attributes=attributes)
    found = requested(of, None).names
    assert tuple(each for each in found if each != "gender") == expected


def test_metadata_that_requests_nothing_leaves_it_to_the_operator() -> None:
    """Who registers attributes by hand says what the service needs; of who only came with an aggregate nobody did."""
    by_hand = wishing(attributes=("name", "citizen_id_number", "email"), optional=("email",))
    assert requested(by_hand, None) == Requested(("name", "email", "citizen_id_number"), ("name", "citizen_id_number"))
    assert requested(wishing(attributes=None), None) == Requested((), ())
    assert requested(wishing(attributes=None, identifiers=["pairwise-id"]), None).names == ("pairwise_id",)


def test_what_is_released_was_asked_agreed_to_and_is_still_registered() -> None:
    of = wishing(attributes=("name", "pairwise_id", "gender"))
    assert released(("name", "email", "pairwise_id"), ("name", "email", "gender"), of) == ["name", "pairwise_id"]
    assert released(("name", "pairwise_id"), (), wishing(attributes=("name",))) == []
