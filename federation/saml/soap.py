"""The SOAP binding, as far as it is about text (saml-bindings-2.0-os section 3.2): a message in an envelope."""

from typing import Final

from federation.saml import names
from federation.saml.writing import Xml, text

CONTENT_TYPE: Final = "text/xml; charset=utf-8"
"""Section 3.2.3.1."""
ACTION: Final = '"http://www.oasis-open.org/committees/security"'
"""Of the SOAPAction header (section 3.2.3.1)."""


def wrapped(message: Xml) -> Xml:
    return Xml(
        f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{names.SOAP_ENVELOPE}"><SOAP-ENV:Body>{message}</SOAP-ENV:Body>'
        "</SOAP-ENV:Envelope>"
    )


def fault(code: str, reason: str) -> Xml:
    """SOAP 1.1 section 4.4, where there is nobody to answer in SAML. `code` is `Client` or `Server`."""
    return wrapped(
        Xml(
            f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:{code}</faultcode><faultstring>{text(reason)}</faultstring>"
            "</SOAP-ENV:Fault>"
        )
    )
