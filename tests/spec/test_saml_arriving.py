"""What comes by redirect, POST and SOAP (saml-bindings-2.0-os section 3), and what is read of it."""

from collections.abc import Callable

import pytest

from federation.saml import arriving, artifact, authn_request, conditions, logout
from federation.saml.arriving import Arrived, Unreadable
from federation.saml.authn_request import AuthnRequest, Comparison, NameIdPolicy, RequestedAuthnContext, Scoping
from federation.saml.name_id import NameId
from federation.saml.names import POST, REDIRECT, SOAP
from federation.saml.verifying import BadSignature
from tests.support.saml_messages import (
    ARTIFACT_RESOLVE,
    AUTHN_REQUEST,
    HEAD,
    ISSUER,
    LOGOUT_REQUEST,
    LOGOUT_RESPONSE,
    MESSAGES,
    SLO,
    SP,
    SSO,
    Peer,
    ec_peer,
    in_form,
    in_query,
    in_soap,
    rsa_peer,
    signed_by,
)

PEERS = [rsa_peer(), ec_peer()]
SECONDS = 1_772_352_000
"""`INSTANT` of the messages."""


def holds(check: Callable[[], None]) -> bool:
    try:
        check()
    except conditions.Unmet:
        return False
    return True


def by(binding: str, document: str, peer: Peer | None = None, relay_state: str | None = None) -> Arrived:
    if binding == REDIRECT:
        return arriving.from_query(in_query(document, relay_state, peer), "SAMLRequest")
    inside = signed_by(peer, document) if peer is not None else document
    if binding == POST:
        return arriving.from_form(in_form(inside), relay_state)
    return arriving.from_soap(in_soap(inside))


@pytest.mark.parametrize("peer", PEERS, ids=["rsa", "ec"])
@pytest.mark.parametrize("binding", [REDIRECT, POST, SOAP])
def test_a_signed_message_is_proved_and_read(binding: str, peer: Peer) -> None:
    arrived = by(binding, LOGOUT_REQUEST, peer)
    assert (arrived.kind, arrived.issuer, arrived.binding, arrived.has_signature) == (
        "LogoutRequest",
        SP,
        binding,
        True,
    )
    read = logout.read_request(arrived.proved([rsa_peer(1).public, peer.public]))
    assert (read.id, read.issuer, read.issue_instant, read.destination) == ("_id", SP, SECONDS, SLO)
    assert (read.name_id, read.session_indexes) == (NameId("zhang.san"), ("_s1",))
    assert (read.not_on_or_after, read.reason) == (None, None)


@pytest.mark.parametrize("binding", [REDIRECT, POST, SOAP])
def test_a_signature_that_is_there_is_checked(binding: str) -> None:
    arrived = by(binding, AUTHN_REQUEST, rsa_peer())
    with pytest.raises(BadSignature):
        arrived.unproved()
    for keys in ([], [rsa_peer(1).public], [ec_peer().public]):
        with pytest.raises(BadSignature):
            arrived.proved(keys)


@pytest.mark.parametrize("binding", [REDIRECT, POST, SOAP])
def test_an_unsigned_message_proves_nothing(binding: str) -> None:
    arrived = by(binding, AUTHN_REQUEST)
    assert not arrived.has_signature
    with pytest.raises(BadSignature):
        arrived.proved([rsa_peer().public])
    assert not authn_request.read(arrived.unproved()).signed


def test_logout_is_not_read_unsigned() -> None:
    for document, read in ((LOGOUT_REQUEST, logout.read_request), (LOGOUT_RESPONSE, logout.read_response)):
        message = by(POST, document).unproved()
        with pytest.raises(BadSignature):
            read(message)


def test_everything_that_an_authn_request_asks_is_read() -> None:
    document = (
        f'<samlp:AuthnRequest {HEAD} Destination="{SSO}" ForceAuthn="1" IsPassive="true" '
        'AssertionConsumerServiceIndex="3" AttributeConsumingServiceIndex="2">'
        f'{ISSUER}<saml:Subject><saml:NameID Format="urn:f" NameQualifier="urn:q" SPNameQualifier="urn:s">张三'
        '</saml:NameID></saml:Subject><samlp:NameIDPolicy Format="urn:f" SPNameQualifier="urn:s" AllowCreate="true"/>'
        '<samlp:RequestedAuthnContext Comparison="minimum"><saml:AuthnContextClassRef>urn:1</saml:AuthnContextClassRef>'
        "<saml:AuthnContextClassRef>urn:2</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"
        '<samlp:Scoping ProxyCount="0"><samlp:IDPList><samlp:IDPEntry ProviderID="urn:idp"/></samlp:IDPList>'
        "<samlp:RequesterID>urn:r</samlp:RequesterID></samlp:Scoping></samlp:AuthnRequest>"
    )
    assert authn_request.read(by(REDIRECT, document, rsa_peer()).proved([rsa_peer().public])) == AuthnRequest(
        id="_id",
        issuer=SP,
        issue_instant=SECONDS,
        signed=True,
        destination=SSO,
        acs_index=3,
        attribute_index=2,
        force_authn=True,
        is_passive=True,
        subject=NameId("张三", "urn:f", "urn:q", "urn:s"),
        name_id_policy=NameIdPolicy("urn:f", "urn:s", allow_create=True),
        requested_context=RequestedAuthnContext(Comparison.MINIMUM, ("urn:1", "urn:2")),
        scoping=Scoping(0, ("urn:idp",), ("urn:r",)),
    )


def test_a_bare_authn_request_asks_for_nothing() -> None:
    message = by(POST, f"<samlp:AuthnRequest {HEAD}>{ISSUER}</samlp:AuthnRequest>").unproved()
    assert authn_request.read(message) == AuthnRequest("_id", SP, SECONDS, signed=False)


def test_a_logout_response_tells_both_codes() -> None:
    below = '<samlp:StatusCode Value="urn:top"><samlp:StatusCode Value="urn:below"/></samlp:StatusCode>'
    document = LOGOUT_RESPONSE.replace('<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>', below)
    read = logout.read_response(by(POST, document, rsa_peer()).proved([rsa_peer().public]))
    assert (read.in_response_to, read.status, read.detail, read.destination) == ("_ours", "urn:top", "urn:below", SLO)


def test_an_artifact_is_asked_for_by_soap() -> None:
    read = artifact.read_resolve(by(SOAP, ARTIFACT_RESOLVE, rsa_peer()).proved([rsa_peer().public]))
    assert (read.id, read.issuer, read.artifact, read.destination) == ("_id", SP, "AAQAAA==", None)


@pytest.mark.parametrize(
    ("destination", "signed", "met"),
    [
        (SSO, True, True),
        (SSO, False, True),
        (None, False, True),
        (None, True, False),
        (SLO, True, False),
        (SLO, False, False),
        (f"{SSO}/", False, False),
        (SSO.upper(), False, False),
        ("", False, False),
    ],
)
def test_saml_bindings_3_5_5_2_what_was_sent_elsewhere_is_refused(
    destination: str | None, signed: bool, met: bool
) -> None:
    assert holds(lambda: conditions.check_destination(destination, SSO, signed)) is met


def test_a_message_is_good_for_minutes() -> None:
    for age, met in ((0, True), (-180, True), (-181, False), (480, True), (481, False)):
        assert holds(lambda age=age: conditions.check_instant(1_000 - age, 1_000.0)) is met
    for left, met in ((1, True), (0, True), (-179, True), (-180, False)):
        assert holds(lambda left=left: conditions.check_not_on_or_after(1_000 + left, 1_000.0)) is met
    conditions.check_not_on_or_after(None, 1_000.0)


def test_the_relay_state_comes_back_as_it_went() -> None:
    for binding in (REDIRECT, POST):
        assert by(binding, AUTHN_REQUEST, None, "a b+c&d=%41张").unproved().relay_state == "a b+c&d=%41张"


@pytest.mark.parametrize("kind", MESSAGES)
def test_another_message_than_was_expected_is_not_read(kind: str) -> None:
    if kind != "AuthnRequest":
        with pytest.raises(Unreadable):
            authn_request.read(arriving.from_form(in_form(MESSAGES[kind]), None).unproved())
