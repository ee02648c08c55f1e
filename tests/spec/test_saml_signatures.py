"""Signatures of peers (saml-core-2.0-os section 5.4): what is proved, and what is read then."""

import pytest
from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from federation.saml import schema, verifying, xml
from federation.saml.algorithms import DIGESTS, SIGNATURES
from federation.saml.metadata.entity import EntityKey
from federation.saml.names import ASSERTION, DS, EXC_C14N, METADATA, POST, PROTOCOL
from federation.saml.xml import Element
from tests.support.saml_messages import (
    ARTIFACT_RESPONSE,
    AUTHN_REQUEST,
    LOGOUT_REQUEST,
    MESSAGES,
    RESPONSE,
    Peer,
    ec_peer,
    fill,
    rsa_peer,
    signed_by,
    template,
)

EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
BARE = dict.fromkeys(MESSAGES, "_id") | {"Assertion": "_a", "ArtifactResponse": "_ar"}


def read(document: str) -> Element:
    return xml.parse(document.encode(), 1_000_000)


@pytest.mark.parametrize("kind", MESSAGES)
def test_what_was_signed_is_a_document_of_its_own(kind: str) -> None:
    element = read(signed_by(rsa_peer(), MESSAGES[kind], BARE[kind]))
    fresh = verifying.signed(element, [rsa_peer().public])
    assert fresh.getroottree().getroot() is fresh
    assert xml.canonical(fresh) == xml.canonical(read(MESSAGES[kind]))
    assert element.find(f"{{{DS}}}Signature") is not None, "what came is as it was"


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("algorithm", SIGNATURES)
def test_rfc9231_each_algorithm_that_we_take(algorithm: str, digest: str) -> None:
    peer = rsa_peer() if "rsa" in algorithm else ec_peer()
    document = signed_by(peer, LOGOUT_REQUEST, blank=template("_id", algorithm, digest))
    assert verifying.signed(read(document), [rsa_peer().public, ec_peer().public]).get("ID") == "_id"


@pytest.mark.parametrize("inner", ["_a", "_id"])
def test_an_element_inside_another_is_proved_by_itself(inner: str) -> None:
    root = read(signed_by(ec_peer(), ARTIFACT_RESPONSE, inner))
    name = f"{{{ASSERTION}}}Assertion" if inner == "_a" else f"{{{PROTOCOL}}}Response"
    element = next(root.iter(name))
    assert verifying.signed(element, [ec_peer().public]).get("ID") == inner
    with pytest.raises(verifying.BadSignature):
        verifying.signed(root, [ec_peer().public])


def test_a_signed_assertion_stays_signed_in_a_signed_response() -> None:
    both = signed_by(rsa_peer(1), signed_by(rsa_peer(), RESPONSE, "_a"), "_id")
    response = verifying.signed(read(both), [rsa_peer(1).public])
    assertion = next(response.iter(f"{{{ASSERTION}}}Assertion"))
    assert verifying.signed(assertion, [rsa_peer().public]).get("ID") == "_a"


def test_blanks_and_comments_around_a_signature_do_no_harm() -> None:
    blank = "\n  <!-- one -->" + template("_id", rsa_peer().algorithm) + "\n <!-- two -->\n "
    pretty = LOGOUT_REQUEST.replace("><samlp:SessionIndex", ">\n\t<samlp:SessionIndex")
    assert verifying.signed(read(signed_by(rsa_peer(), pretty, blank=blank)), [rsa_peer().public]).get("ID") == "_id"


@pytest.mark.parametrize("prefixes", ["samlp", "xs saml", "#default xs"])
def test_exclusive_c14n_4_prefixes_may_be_inclusive(prefixes: str) -> None:
    listed = f'<ec:InclusiveNamespaces xmlns:ec="{EXC_C14N}" PrefixList="{prefixes}"/>'
    blank = template("_a", rsa_peer().algorithm).replace(
        f'Algorithm="{EXC_C14N}"/>', f'Algorithm="{EXC_C14N}">{listed}@'
    )
    blank = blank.replace("@", "</ds:CanonicalizationMethod>", 1).replace("@", "</ds:Transform>", 1)
    around = RESPONSE.replace("<samlp:Response ", '<samlp:Response xmlns:xs="urn:xs" ')
    assertion = next(read(signed_by(rsa_peer(), around, "_a", blank)).iter(f"{{{ASSERTION}}}Assertion"))
    fresh = verifying.signed(assertion, [rsa_peer().public])
    assert ("xs" in fresh.nsmap) is ("xs" in prefixes)


def test_signxml_signs_and_we_read() -> None:
    signer = XMLSigner(signature_algorithm="rsa-sha256", digest_algorithm="sha256", c14n_algorithm=EXCLUSIVE)
    root = etree.fromstring(LOGOUT_REQUEST.encode())
    etree.SubElement(root, f"{{{DS}}}Signature", Id="placeholder")
    root.insert(1, root[-1])
    signed = signer.sign(root, key=rsa_peer().pem, reference_uri="_id", always_add_key_value=True)
    assert verifying.signed(read(etree.tostring(signed).decode()), [rsa_peer().public]).get("ID") == "_id"


ROLE = (
    f'<md:SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}"><md:AssertionConsumerService Binding="{POST}" '
    'Location="https://sp.example/acs" index="0"/></md:SPSSODescriptor>'
)


def metadata(peer: Peer, root: str, inner: str) -> Element:
    named = ' entityID="urn:sp"' if root == "EntityDescriptor" else ""
    opened = f'<md:{root} xmlns:md="{METADATA}" ID="_m"{named}>'
    tree = etree.fromstring(f"{opened}{template('_m', peer.algorithm)}{inner}</md:{root}>".encode())
    fill(peer, tree, tree[0])
    return read(etree.tostring(tree).decode())


def test_metadata_of_one_and_of_many_is_signed() -> None:
    many = f'<md:EntityDescriptor entityID="urn:1">{ROLE}</md:EntityDescriptor>' * 2
    for root, inner in (("EntityDescriptor", f"\n{ROLE}"), ("EntitiesDescriptor", many)):
        element = metadata(rsa_peer(), root, inner)
        assert len(verifying.signed(element, [rsa_peer().public])) == len(element) - 1
        element[-1].set("validUntil", "2030-01-01T00:00:00Z")
        with pytest.raises(verifying.BadSignature):
            verifying.signed(element, [rsa_peer().public])


def test_entities_of_an_aggregate_may_share_an_id_that_is_not_the_signed_one() -> None:
    """Refused, it would take all others with it."""
    entity = f'<md:EntityDescriptor entityID="urn:1" ID="_1">{ROLE}</md:EntityDescriptor>'
    aggregate = metadata(rsa_peer(), "EntitiesDescriptor", entity * 2)
    assert len(verifying.signed(aggregate, [rsa_peer().public])) == 2


def test_an_entity_that_is_not_as_it_should_be_does_not_take_the_others_with_it() -> None:
    odd = '<md:EntityDescriptor entityID="urn:1"><md:Unknown/></md:EntityDescriptor>'
    aggregate = verifying.signed(metadata(rsa_peer(), "EntitiesDescriptor", odd), [rsa_peer().public])
    with pytest.raises(schema.BadSchema):
        schema.check(aggregate[0])


def test_of_certificates_the_keys_count_alone() -> None:
    peers = [rsa_peer(), ec_peer()]
    entity = [
        EntityKey(peers[0].certificate, "signing"),
        EntityKey(peers[1].certificate),
        EntityKey(rsa_peer(2).certificate, "encryption"),
        EntityKey(rsa_peer(3, 1_024).certificate, "signing"),
        EntityKey("nonsense", "signing"),
    ]
    signing = verifying.keys_of(entity, "signing")
    assert [key.public_numbers() for key in signing] == [peer.public.public_numbers() for peer in peers]


def test_more_keys_than_anybody_needs_are_not_tried() -> None:
    keys = [*([ec_peer().public] * verifying.KEYS), rsa_peer().public]
    with pytest.raises(verifying.BadSignature):
        verifying.signed(read(signed_by(rsa_peer(), AUTHN_REQUEST)), keys)
