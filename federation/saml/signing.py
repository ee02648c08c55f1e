"""XML Signature on what we write (saml-core-2.0-os section 5.4): enveloped, exclusive canonical form, one reference.

What is constant for a signer is put together once. Both hashes are over text that is canonical as it stands.
"""

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlencode

from federation.saml import algorithms, names
from federation.saml.credentials import Signer
from federation.saml.writing import Xml, attribute


@dataclass(frozen=True, slots=True)
class Signable:
    """An element of ours, canonical, in two halves: between them goes its ds:Signature, where the schema wants it."""

    id: str
    before: str
    after: str

    def finished(self, signer: Signer | None) -> Xml:
        """The element, signed where there is a signer."""
        return Xml(self.before + self.after) if signer is None else sign(self, signer)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is the same in all signatures of one signer."""

    reference: str
    digest: str
    end: str
    value: str
    key_info: str
    hashing: str


_DS = f' xmlns:ds="{names.DS}"'


@lru_cache(maxsize=64)
def _frame(algorithm: str, digest: str, certificate: str) -> _Frame:
    return _Frame(
        reference=(
            f'<ds:CanonicalizationMethod Algorithm="{names.EXC_C14N}"></ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="{algorithm}"></ds:SignatureMethod>'
            '<ds:Reference URI="#'
        ),
        digest=(
            '"><ds:Transforms>'
            f'<ds:Transform Algorithm="{names.ENVELOPED}"></ds:Transform>'
            f'<ds:Transform Algorithm="{names.EXC_C14N}"></ds:Transform>'
            f'</ds:Transforms><ds:DigestMethod Algorithm="{digest}"></ds:DigestMethod><ds:DigestValue>'
        ),
        end="</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        value="<ds:SignatureValue>",
        key_info=(
            "</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"
            f"{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"
        ),
        hashing=algorithms.DIGESTS[digest],
    )


def sign(element: Signable, signer: Signer) -> Xml:
    """The element with its signature in its place."""
    frame = _frame(signer.algorithm, signer.digest, signer.certificate)
    hashed = hashlib.new(frame.hashing, (element.before + element.after).encode()).digest()
    signed = f"{frame.reference}{attribute(element.id)}{frame.digest}{b64encode(hashed).decode('ascii')}{frame.end}"
    # On its own, SignedInfo declares the prefix that ds:Signature declares in the document.
    value = b64encode(signer.sign(f"<ds:SignedInfo{_DS}>{signed}".encode())).decode("ascii")
    return Xml(
        f"{element.before}<ds:Signature{_DS}><ds:SignedInfo>{signed}{frame.value}{value}{frame.key_info}{element.after}"
    )


def signed_query(parameters: Sequence[tuple[str, str]], signer: Signer) -> str:
    """A query whose last parameters are its own signature (saml-bindings-2.0-os section 3.4.4.1): SAMLRequest or
    SAMLResponse first, then RelayState."""
    query = urlencode([*parameters, ("SigAlg", signer.algorithm)], quote_via=quote, safe="")
    return f"{query}&{urlencode({'Signature': b64encode(signer.sign(query.encode())).decode('ascii')})}"
