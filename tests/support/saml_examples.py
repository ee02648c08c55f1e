"""One of each that we write in SAML, and keys to sign it with.

`MESSAGES` writes each of them from values that come from anywhere, so that tests can put anything there.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice

from federation.saml import algorithms, artifact, assertion, encryption, logout, names, response, soap
from federation.saml.artifact import ArtifactResponse
from federation.saml.assertion import Assertion, Attribute, Authentication, Confirmation
from federation.saml.credentials import KeySigner, NewCredential, Signer, new_credential, open_private
from federation.saml.encryption import Recipient
from federation.saml.logout import LogoutRequest, LogoutResponse
from federation.saml.metadata import writing as metadata
from federation.saml.metadata.entity import Endpoint, EntityKey
from federation.saml.metadata.writing import Contact, IdpEntity, Logo, Organization
from federation.saml.name_id import NameId
from federation.saml.response import Response, Status
from federation.saml.writing import Xml
from tests.support.saml_judges import EXAMPLE_TIME

NOW = EXAMPLE_TIME


@cache
def credential(kind: str) -> NewCredential:
    return new_credential(kind, "idp.example", NOW)


SAID = Assertion(
    id="_a",
    issuer="https://idp.example/saml/metadata",
    issue_instant=NOW,
    name_id=NameId("用户", names.PERSISTENT, "https://idp.example/saml/metadata", "https://sp.example/"),
    confirmation=Confirmation("https://sp.example/acs", NOW + 300, "_request"),
    not_before=NOW - 180,
    not_on_or_after=NOW + 300,
    audiences=("https://sp.example/",),
    authentication=Authentication(NOW - 60, "urn:citizen-idp:aal:2", "_session", NOW + 3600, ("https://gd.example/",)),
    attributes=(
        Attribute("urn:oid:2.16.840.1.113730.3.1.241", ("李静文", "𠀀<]]>\r\n&\"'"), friendly_name="displayName"),
    ),
)


def signer(algorithm: str, digest: str = names.SHA256) -> KeySigner:
    held = credential(algorithms.SIGNATURES[algorithm].kind)
    return KeySigner(open_private(held.private_der), held.certificate, algorithms.Signing(algorithm, digest))


def answered(said: Xml | None, status: Status = Status()) -> Response:  # noqa: B008
    return Response(
        "_r",
        "https://idp.example/saml/metadata",
        NOW,
        "https://sp.example/acs",
        "_request",
        status,
        said,
    )


Values = Iterator[str]


def _assertion(value: Values) -> Assertion:
    return Assertion(
        id="_a",
        issuer=next(value),
        issue_instant=NOW,
        name_id=NameId(*islice(value, 4)),
        confirmation=Confirmation(next(value), NOW + 300, next(value)),
        not_before=NOW - 180,
        not_on_or_after=NOW + 300,
        audiences=tuple(islice(value, 2)),
        authentication=Authentication(NOW, next(value), next(value), None, tuple(islice(value, 1))),
        attributes=(Attribute(next(value), tuple(islice(value, 2)), next(value), next(value)),),
    )


def _response(value: Values, said: Xml | None, by: Signer | None) -> Xml:
    status = Status(*islice(value, 3))
    return response.written(Response("_r", next(value), NOW, next(value), next(value), status, said), by)


def _artifact_response(value: Values, message: Xml | None, by: Signer | None) -> Xml:
    return artifact.written_response(
        ArtifactResponse("_f", next(value), NOW, next(value), message, Status(*islice(value, 3)), next(value)), by
    )


def _logout_request(value: Values, by: Signer | None) -> Xml:
    named = NameId(*islice(value, 4))
    indexes = tuple(islice(value, 2))
    return logout.written_request(
        LogoutRequest("_q", next(value), NOW, named, indexes, next(value), NOW + 300, next(value)), by
    )


def _logout_response(value: Values, by: Signer | None) -> Xml:
    return logout.written_response(LogoutResponse("_p", next(value), NOW, *islice(value, 4)), by)


def _texts(value: Values) -> dict[str, str]:
    return dict(zip(("zh-CN", "en"), value, strict=False))


def _metadata(value: Values, by: Signer | None) -> Xml:
    certificate = credential(algorithms.RSA).certificate
    return metadata.written(
        IdpEntity(
            id="_m",
            entity_id=next(value),
            valid_until=NOW + 86_400,
            cache_seconds=3600,
            keys=(EntityKey(certificate, "signing"), EntityKey(certificate, "encryption", algorithms.OPENED)),
            single_sign_on=(Endpoint(names.REDIRECT, next(value)), Endpoint(names.POST, next(value))),
            single_logout=(Endpoint(names.REDIRECT, next(value), next(value)),),
            artifact_resolution=(Endpoint(names.SOAP, next(value), index=0, is_default=True),),
            name_id_formats=tuple(islice(value, 2)),
            attributes=(Attribute(next(value), (), next(value), next(value)),),
            want_authn_requests_signed=True,
            scopes=tuple(islice(value, 1)),
            signing_methods=(*algorithms.SIGNATURES, next(value)),
            digest_methods=(*algorithms.DIGESTS, next(value)),
            error_url=next(value),
            display_names=_texts(value),
            descriptions=_texts(value),
            information_urls=_texts(value),
            privacy_urls=_texts(value),
            logo=Logo(next(value), 80, 60),
            organization=Organization(_texts(value), _texts(value), _texts(value)),
            contacts=(Contact("technical", next(value), next(value)),),
        ),
        by or signer(names.ECDSA_SHA256),
    )


MESSAGES: dict[str, Callable[[Values, Signer | None], Xml]] = {
    "assertion": lambda value, by: assertion.written(_assertion(value), by),
    "response": lambda value, by: _response(value, assertion.written(_assertion(value), by), by),
    "status": lambda value, by: _response(value, None, by),
    "encrypted": lambda value, by: _response(
        value, encryption.encrypt(assertion.written(_assertion(value), by), recipient(), encryption.ASSERTION), by
    ),
    "artifact response": lambda value, by: _artifact_response(
        value, _response(value, assertion.written(_assertion(value), by), by), by
    ),
    "empty artifact response": lambda value, by: _artifact_response(value, None, by),
    "logout request": _logout_request,
    "logout response": _logout_response,
    "metadata": _metadata,
    "in an envelope": lambda value, by: soap.wrapped(_logout_request(value, by)),
}


@cache
def recipient() -> Recipient:
    to = encryption.recipient([EntityKey(credential(algorithms.RSA).certificate)], allow_cbc=False)
    assert to is not None
    return to
