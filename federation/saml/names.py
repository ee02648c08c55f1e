"""The names that SAML 2.0 and the specifications around it give to things: namespaces, bindings, formats, statuses."""

from typing import Final

# -- namespaces ---------------------------------------------------------------------------------------------------

ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
MDUI: Final = "urn:oasis:names:tc:SAML:metadata:ui"
MDATTR: Final = "urn:oasis:names:tc:SAML:metadata:attribute"
ALGSUPPORT: Final = "urn:oasis:names:tc:SAML:metadata:algsupport"
SHIBMD: Final = "urn:mace:shibboleth:metadata:1.0"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
SOAP_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"

# -- bindings (saml-bindings-2.0-os section 3) ----------------------------------------------------------------------

_BINDINGS: Final = "urn:oasis:names:tc:SAML:2.0:bindings:"
REDIRECT: Final = f"{_BINDINGS}HTTP-Redirect"
POST: Final = f"{_BINDINGS}HTTP-POST"
ARTIFACT: Final = f"{_BINDINGS}HTTP-Artifact"
SOAP: Final = f"{_BINDINGS}SOAP"

# -- formats (saml-core-2.0-os section 8) ---------------------------------------------------------------------------

TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
URI_NAMES: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
BASIC_NAMES: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
UNSPECIFIED_NAMES: Final = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

# -- statuses (saml-core-2.0-os section 3.2.2.2) ----------------------------------------------------------------------

_STATUS: Final = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS: Final = f"{_STATUS}Success"
REQUESTER: Final = f"{_STATUS}Requester"
RESPONDER: Final = f"{_STATUS}Responder"
INVALID_NAME_ID_POLICY: Final = f"{_STATUS}InvalidNameIDPolicy"
NO_AUTHN_CONTEXT: Final = f"{_STATUS}NoAuthnContext"
NO_PASSIVE: Final = f"{_STATUS}NoPassive"
NO_SUPPORTED_IDP: Final = f"{_STATUS}NoSupportedIDP"
PARTIAL_LOGOUT: Final = f"{_STATUS}PartialLogout"
REQUEST_DENIED: Final = f"{_STATUS}RequestDenied"
REQUEST_UNSUPPORTED: Final = f"{_STATUS}RequestUnsupported"
UNKNOWN_PRINCIPAL: Final = f"{_STATUS}UnknownPrincipal"
UNSUPPORTED_BINDING: Final = f"{_STATUS}UnsupportedBinding"

# -- signatures and encryption (RFC 9231, XML Encryption 1.1) ---------------------------------------------------------

EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{DS}enveloped-signature"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
RSA_SHA256: Final = f"{_MORE}rsa-sha256"
RSA_SHA384: Final = f"{_MORE}rsa-sha384"
RSA_SHA512: Final = f"{_MORE}rsa-sha512"
ECDSA_SHA256: Final = f"{_MORE}ecdsa-sha256"
ECDSA_SHA384: Final = f"{_MORE}ecdsa-sha384"
ECDSA_SHA512: Final = f"{_MORE}ecdsa-sha512"
SHA256: Final = f"{XENC}sha256"
SHA384: Final = f"{_MORE}sha384"
SHA512: Final = f"{XENC}sha512"
SHA1: Final = f"{DS}sha1"
"""Inside RSA-OAEP only; no signature of ours or of others rests on it."""
AES128_GCM: Final = f"{XENC11}aes128-gcm"
AES256_GCM: Final = f"{XENC11}aes256-gcm"
AES128_CBC: Final = f"{XENC}aes128-cbc"
AES256_CBC: Final = f"{XENC}aes256-cbc"
RSA_OAEP_MGF1P: Final = f"{XENC}rsa-oaep-mgf1p"
RSA_OAEP: Final = f"{XENC11}rsa-oaep"
MGF1_SHA1: Final = f"{XENC11}mgf1sha1"
MGF1_SHA256: Final = f"{XENC11}mgf1sha256"
