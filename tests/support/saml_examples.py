"""One of each that we write in SAML, and keys to sign it with."""

from functools import cache

from federation.saml import algorithms, names
from federation.saml.assertion import Assertion, Attribute, Authentication, Confirmation
from federation.saml.credentials import KeySigner, NewCredential, new_credential, open_private
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
