"""Messages as peers write them, and peers who sign them: by python-xmlsec, which shares no code with the reader."""

import base64
import datetime
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID
from lxml import etree

from federation.saml.names import (
    ASSERTION,
    DS,
    ECDSA_SHA256,
    ENVELOPED,
    EXC_C14N,
    PROTOCOL,
    RSA_SHA256,
    SHA256,
    SOAP_ENVELOPE,
)

SP = "https://sp.example/metadata"
IDP = "https://idp.example/saml/metadata"
SSO = "https://idp.example/saml/sso"
SLO = "https://idp.example/saml/slo"
INSTANT = "2026-03-01T08:00:00Z"
NAMESPACES = f'xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}"'
HEAD = f'{NAMESPACES} ID="_id" Version="2.0" IssueInstant="{INSTANT}"'
ISSUER = f"<saml:Issuer>{SP}</saml:Issuer>"
STATUS = '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
NAME_ID = "<saml:NameID>zhang.san</saml:NameID>"

AUTHN_REQUEST = (
    f'<samlp:AuthnRequest {HEAD} Destination="{SSO}" AssertionConsumerServiceURL="https://sp.example/acs">{ISSUER}'
    '<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>'
)
LOGOUT_REQUEST = (
    f'<samlp:LogoutRequest {HEAD} Destination="{SLO}">{ISSUER}{NAME_ID}'
    "<samlp:SessionIndex>_s1</samlp:SessionIndex></samlp:LogoutRequest>"
)
LOGOUT_RESPONSE = (
    f'<samlp:LogoutResponse {HEAD} Destination="{SLO}" InResponseTo="_ours">{ISSUER}{STATUS}</samlp:LogoutResponse>'
)
ARTIFACT_RESOLVE = (
    f"<samlp:ArtifactResolve {HEAD}>{ISSUER}<samlp:Artifact>AAQAAA==</samlp:Artifact></samlp:ArtifactResolve>"
)
ASSERTION_HEAD = f'xmlns:saml="{ASSERTION}" ID="_a" Version="2.0" IssueInstant="{INSTANT}"'
ASSERTED = (
    f"<saml:Assertion {ASSERTION_HEAD}>{ISSUER}<saml:Subject>{NAME_ID}"
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/></saml:Subject>'
    "<saml:Conditions><saml:AudienceRestriction><saml:Audience>urn:us</saml:Audience></saml:AudienceRestriction>"
    f'</saml:Conditions><saml:AuthnStatement AuthnInstant="{INSTANT}"><saml:AuthnContext>'
    "<saml:AuthnContextClassRef>urn:citizen-idp:aal:1</saml:AuthnContextClassRef></saml:AuthnContext>"
    "</saml:AuthnStatement></saml:Assertion>"
)
RESPONSE = (
    f'<samlp:Response {HEAD} Destination="https://us.example/acs" InResponseTo="_ours">{ISSUER}{STATUS}{ASSERTED}'
    "</samlp:Response>"
)
ARTIFACT_RESPONSE = (
    f'<samlp:ArtifactResponse {HEAD.replace("_id", "_ar")} InResponseTo="_ours">{ISSUER}{STATUS}{RESPONSE}'
    "</samlp:ArtifactResponse>"
)
MESSAGES = {
    "AuthnRequest": AUTHN_REQUEST,
    "LogoutRequest": LOGOUT_REQUEST,
    "LogoutResponse": LOGOUT_RESPONSE,
    "ArtifactResolve": ARTIFACT_RESOLVE,
    "ArtifactResponse": ARTIFACT_RESPONSE,
    "Response": RESPONSE,
    "Assertion": ASSERTED,
}
"""One of each that we read, unsigned. IDs: `_id`, `_ar` of an ArtifactResponse, `_a` of an Assertion."""


@dataclass(frozen=True)
class Peer:
    """Whoever has a key, and how he signs with it."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    algorithm: str

    @property
    def public(self) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
        return self.key.public_key()

    @property
    def pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def certificate(self) -> str:
        """DER in base64, and long expired."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a peer")])
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.public)
            .serial_number(1)
            .not_valid_before(datetime.datetime(2011, 1, 1, tzinfo=datetime.UTC))
            .not_valid_after(datetime.datetime(2012, 1, 1, tzinfo=datetime.UTC))
            .sign(self.key, hashes.SHA256())
        )
        return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()

    def sign(self, data: bytes) -> bytes:
        """As XML Signature writes it."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        half = (self.key.key_size + 7) // 8
        return r.to_bytes(half, "big") + s.to_bytes(half, "big")


@cache
def rsa_peer(number: int = 0, bits: int = 2_048) -> Peer:
    return Peer(rsa.generate_private_key(public_exponent=65537, key_size=bits), RSA_SHA256)


@cache
def ec_peer(number: int = 0) -> Peer:
    return Peer(ec.generate_private_key(ec.SECP256R1()), ECDSA_SHA256)


def template(identifier: str, algorithm: str, digest: str = SHA256) -> str:
    """An empty signature over `identifier`, for xmlsec to fill."""
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXC_C14N}"/>'
        f'<ds:SignatureMethod Algorithm="{algorithm}"/><ds:Reference URI="#{identifier}"><ds:Transforms>'
        f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXC_C14N}"/></ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>'
        "</ds:Signature>"
    )


def signed_by(peer: Peer, document: str, identifier: str = "_id", blank: str | None = None) -> str:
    """The document with a signature over the element of this ID, in its place: after its Issuer."""
    at = document.index("</saml:Issuer>", document.index(f'ID="{identifier}"')) + len("</saml:Issuer>")
    filled = document[:at] + (blank or template(identifier, peer.algorithm)) + document[at:]
    root = etree.fromstring(filled.encode())
    element = root.xpath("//*[@ID=$id]", id=identifier)[0]
    fill(peer, root, element.find(f"{{{DS}}}Signature"))
    return etree.tostring(root, encoding="unicode")


def fill(peer: Peer, root: etree._Element, signature: etree._Element) -> None:
    """Let xmlsec fill in an empty signature."""
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(peer.pem, xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)


def in_form(document: str | bytes) -> str:
    """As a POST carries it."""
    return base64.b64encode(document.encode() if isinstance(document, str) else document).decode()


def deflated(document: str | bytes) -> str:
    """As a redirect carries it, not yet quoted."""
    raw = document.encode() if isinstance(document, str) else document
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(stream.compress(raw) + stream.flush()).decode()


def in_query(
    document: str | bytes, relay_state: str | None = None, peer: Peer | None = None, name: str = "SAMLRequest"
) -> str:
    """As a redirect carries it, signed by `peer` if there is one."""
    fields = [(name, deflated(document))]
    if relay_state is not None:
        fields.append(("RelayState", relay_state))
    if peer is not None:
        fields.append(("SigAlg", peer.algorithm))
    query = "&".join(f"{field}={quote(value, safe='')}" for field, value in fields)
    if peer is None:
        return query
    return f"{query}&Signature={quote(base64.b64encode(peer.sign(query.encode())).decode(), safe='')}"


def in_soap(document: str, headers: Sequence[str] = ()) -> bytes:
    head = f"<S:Header>{''.join(headers)}</S:Header>" if headers else ""
    return f'<S:Envelope xmlns:S="{SOAP_ENVELOPE}">{head}<S:Body>{document}</S:Body></S:Envelope>'.encode()
