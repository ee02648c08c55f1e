"""What came by a binding (saml-bindings-2.0-os section 3), and the proof of who sent it.

A message can be read only after it was proved: `from_query`, `from_form` and `from_soap` tell of it what one must know
to choose the sender's keys, and `Arrived` makes of it the `Message` that the readers take. A signature that is there is
always checked; one that holds for other keys than the sender's is worse than none.
"""

import base64
import binascii
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus

from lxml import etree

from federation.saml import schema, verifying, xml
from federation.saml.credentials import PublicKey
from federation.saml.names import ASSERTION, DS, POST, PROTOCOL, REDIRECT, SOAP, SOAP_ENVELOPE
from federation.saml.schema import BadSchema
from federation.saml.verifying import BadSignature
from federation.saml.xml import BadXml, Element

MESSAGE_BYTES: Final = 131_072
"""Of a message, inflated. A LogoutRequest with a thousand session indexes has 64 kB; a deflated one of 259 kB can hold
200 MB."""
MESSAGE_CHILDREN: Final = 2_000
"""Of one element of a message. To check a schema against a list takes time that can grow with the square of it."""
QUERY_BYTES: Final = 32_768
"""As for every query here; browsers and servers carry less."""
RELAY_STATE_BYTES: Final = 2_048
"""The bindings say 80 (section 3.4.3), and providers put the address there to which their user wanted to go."""

_PARAMETERS: Final = frozenset({"SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding"})
_DEFLATE: Final = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
_TOO_MANY: Final = etree.XPath(f"boolean(//*[{MESSAGE_CHILDREN + 1}])")
_IDENTIFIERS: Final = etree.XPath("//@*[translate(local-name(), 'ID', 'id') = 'id']")
_BLANKS: Final = re.compile(r"[ \t\r\n]+")


class Unreadable(Exception):
    """No message that we read. Nobody is told more than that; the text is for logs."""


@dataclass(frozen=True, slots=True)
class Message:
    """May be read. `signed`: it is, to the byte, what its issuer signed. Made here alone."""

    element: Element = field(repr=False)
    signed: bool
    binding: str
    relay_state: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Says who claims to have sent it (`issuer`), which message it is (`kind`, its element's name) and whether it
    claims to be signed; nothing else of it may be known before it is proved."""

    kind: str
    issuer: str
    binding: str
    has_signature: bool
    relay_state: str | None = field(default=None, repr=False)
    _element: Element = field(kw_only=True, repr=False)
    _query: str = field(kw_only=True, default="", repr=False)
    _parameter: str = field(kw_only=True, default="", repr=False)

    def proved(self, keys: Sequence[PublicKey]) -> Message:
        """Signed by one of `keys`, which are those of `issuer`. Raises `BadSignature`, `Unreadable`."""
        if self.binding == REDIRECT:
            verifying.signed_query(self._query, self._parameter, keys)
            return Message(self._element, True, self.binding, self.relay_state)
        try:
            element = verifying.signed(self._element, keys)
        except BadSchema as error:
            raise Unreadable(str(error)) from None
        if _issuer(element) != self.issuer:
            raise BadSignature("over another issuer")
        return Message(element, True, self.binding, self.relay_state)

    def unproved(self) -> Message:
        """Not signed: anybody may have written it. Raises `BadSignature` where there is a signature."""
        if self.has_signature:
            raise BadSignature("there, and not checked")
        return Message(self._element, False, self.binding, self.relay_state)


def from_query(raw_query: str, parameter: str) -> Arrived:
    """By redirect (section 3.4.4), deflated; `raw_query` is the query as it came. `parameter` is `SAMLRequest` or
    `SAMLResponse`. Raises `Unreadable`."""
    raw = _fields(raw_query)
    if parameter not in raw or len(raw.keys() & {"SAMLRequest", "SAMLResponse"}) != 1:
        raise Unreadable("not one message")
    if "SAMLEncoding" in raw and _decoded(raw["SAMLEncoding"]) != _DEFLATE:
        raise Unreadable("in another encoding")
    if ("Signature" in raw) != ("SigAlg" in raw):
        raise Unreadable("half a signature")
    element = _message(_inflated(_bytes(_decoded(raw[parameter]))))
    if _signature(element):
        raise Unreadable("a signature inside, where the binding has it outside")
    return Arrived(
        kind=etree.QName(element).localname,
        issuer=_issuer(element),
        binding=REDIRECT,
        has_signature="Signature" in raw,
        relay_state=_relay_state(_decoded(raw["RelayState"]) if raw.get("RelayState") else None),
        _element=element,
        _query=raw_query,
        _parameter=parameter,
    )


def from_form(saml_message: str, relay_state: str | None) -> Arrived:
    """By POST (section 3.5.4): the fields of the form, decoded. Raises `Unreadable`."""
    if len(saml_message) > MESSAGE_BYTES * 3 // 2:
        raise Unreadable("too long")
    element = _message(_bytes(_BLANKS.sub("", saml_message)))
    return Arrived(
        kind=etree.QName(element).localname,
        issuer=_issuer(element),
        binding=POST,
        has_signature=_signature(element),
        relay_state=_relay_state(relay_state or None),
        _element=element,
    )


def from_soap(body: bytes) -> Arrived:
    """By SOAP (section 3.2): the one message in the envelope. Raises `Unreadable`."""
    element = _enveloped(_parsed(body))
    _check(element)
    return Arrived(
        kind=etree.QName(element).localname,
        issuer=_issuer(element),
        binding=SOAP,
        has_signature=_signature(element),
        _element=element,
    )


def _fields(raw_query: str) -> Mapping[str, str]:
    """Our parameters as they came. Others may stand beside them, and are not covered by the signature."""
    if len(raw_query) > QUERY_BYTES or not raw_query.isascii():
        raise Unreadable("too long, or not ASCII")
    found: dict[str, str] = {}
    for each in raw_query.split("&"):
        name, _, value = each.partition("=")
        if name in found:
            raise Unreadable("a parameter is repeated")
        if name in _PARAMETERS:
            found[name] = value
    return found


def _decoded(value: str) -> str:
    try:
        return unquote_plus(value, errors="strict")
    except ValueError:
        raise Unreadable("not UTF-8") from None


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("not base64") from None


def _inflated(deflated: bytes) -> bytes:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = stream.decompress(deflated, MESSAGE_BYTES + 1)
    except zlib.error:
        raise Unreadable("not deflated") from None
    if len(inflated) > MESSAGE_BYTES or not stream.eof or stream.unused_data:
        raise Unreadable("too long, cut off, or more than one message")
    return inflated


def _relay_state(value: str | None) -> str | None:
    """Raises `Unreadable`: cut off it would be of no use, and we do not keep what others choose the size of."""
    if value is not None and len(value.encode()) > RELAY_STATE_BYTES:
        raise Unreadable("too long a RelayState")
    return value


def _parsed(raw: bytes) -> Element:
    try:
        root = xml.parse(raw, MESSAGE_BYTES)
    except BadXml as error:
        raise Unreadable(str(error)) from None
    if _TOO_MANY(root):
        raise Unreadable("too many elements")
    identifiers = [str(value) for value in _IDENTIFIERS(root)]
    if len(identifiers) != len(set(identifiers)):
        raise Unreadable("an ID that is there twice")
    return root


def _check(element: Element) -> None:
    if not str(element.tag).startswith(f"{{{PROTOCOL}}}"):
        raise Unreadable("not a message")
    try:
        schema.check(element)
    except BadSchema as error:
        raise Unreadable(str(error)) from None


def _message(raw: bytes) -> Element:
    element = _parsed(raw)
    _check(element)
    return element


def _enveloped(envelope: Element) -> Element:
    """A header that must be understood is not: we have none (SOAP 1.1 section 4.2.3)."""
    header, body = (envelope.findall(f"{{{SOAP_ENVELOPE}}}{name}") for name in ("Header", "Body"))
    if envelope.tag != f"{{{SOAP_ENVELOPE}}}Envelope" or len(body) != 1 or len(envelope) != len(header) + 1:
        raise Unreadable("not a SOAP envelope")
    if len(header) > 1 or any(
        f"{{{SOAP_ENVELOPE}}}mustUnderstand" in entry.attrib for each in header for entry in each
    ):
        raise Unreadable("a SOAP header that we do not know")
    if len(body[0]) != 1:
        raise Unreadable("not one message in the SOAP body")
    return body[0][0]


def _issuer(element: Element) -> str:
    return element.findtext(f"{{{ASSERTION}}}Issuer") or ""


def _signature(element: Element) -> bool:
    return element.find(f"{{{DS}}}Signature") is not None
