"""The SOAP binding, as far as it is about text (saml-bindings-2.0-os section 3.2): a message in an envelope."""

from typing import Final

from federation.saml import names
from federation.saml.writing import Xml

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
"""Section 3.2.3.1."""
ACTION: Final = '"http://www.oasis-open.org/committees/security"'
"""Of the SOAPAction header (section 3.2.3.1)."""


def wrapped(message: Xml) -> Xml:
    return Xml(
        f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{names.SOAP_ENVELOPE}"><SOAP-ENV:Body>{message}</SOAP-ENV:Body>'
        "</SOAP-ENV:Envelope>"
    )
