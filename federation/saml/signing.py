"""XML Signature on what we write (saml-core-2.0-os section 5.4): enveloped, exclusive canonical form, one reference.

What is constant for a signer is put together once. Both hashes are over text that is canonical as it stands.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlencode

from federation.saml import algorithms, names
from federation.saml.credentials import Signer
from federation.saml.writing import Xml, attribute


def finished(before: str, after: str, reference_id: str, signer: Signer | None) -> Xml:
    """An element of ours in two halves, signed in between if there is a signer: that is where its schema wants it."""
    return Xml(before + after) if signer is None else sign(before, after, reference_id, signer)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is the same in all signatures of one signer."""

    reference: str
    digest: str
    end: str
    value: str
    key_info: str
    hashing: Callable[[bytes], "hashlib._Hash"]


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
        hashing=getattr(hashlib, algorithms.DIGESTS[digest]),
    )


def sign(before: str, after: str, reference_id: str, signer: Signer) -> Xml:
    """The element of this ID with its signature. Its halves together are canonical."""
    frame = _frame(signer.algorithm, signer.digest, signer.certificate)
    hashed = frame.hashing((before + after).encode()).digest()
    signed = f"{frame.reference}{attribute(reference_id)}{frame.digest}{b64encode(hashed).decode('ascii')}{frame.end}"
    # On its own, SignedInfo declares the prefix that ds:Signature declares in the document.
    value = b64encode(signer.sign(f"<ds:SignedInfo{_DS}>{signed}".encode())).decode("ascii")
    return Xml(f"{before}<ds:Signature{_DS}><ds:SignedInfo>{signed}{frame.value}{value}{frame.key_info}{after}")


def signed_query(parameters: Sequence[tuple[str, str]], signer: Signer) -> str:
    """A query whose last parameters are its own signature (saml-bindings-2.0-os section 3.4.4.1): SAMLRequest or
    SAMLResponse first, then RelayState."""
    query = urlencode([*parameters, ("SigAlg", signer.algorithm)], quote_via=quote, safe="")
    return f"{query}&{urlencode({'Signature': b64encode(signer.sign(query.encode())).decode('ascii')})}"
