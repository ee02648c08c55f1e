"""The HTTP Redirect binding, as a sender (saml-bindings-2.0-os section 3.4): a message in the query of an address."""

import zlib
from base64 import b64encode
from typing import Final

from federation.saml.credentials import Signer
from federation.saml.signing import signed_query
from federation.saml.writing import Xml

REQUEST: Final = "SAMLRequest"
RESPONSE: Final = "SAMLResponse"


def encoded(message: Xml) -> str:
    """DEFLATE (RFC 1951, without a header), then base64 (section 3.4.4.1)."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return b64encode(deflate.compress(message.encode()) + deflate.flush()).decode("ascii")


def address(location: str, parameter: str, message: Xml, relay_state: str | None, signer: Signer) -> str:
    """Where the browser goes. `parameter` is REQUEST or RESPONSE; the message has no signature of its own, for
    the query has it. An endpoint's own query stays before ours and is not signed."""
    parameters = [(parameter, encoded(message))]
    if relay_state is not None:
        parameters.append(("RelayState", relay_state))
    return f"{location}{'&' if '?' in location else '?'}{signed_query(parameters, signer)}"
