"""EncryptedAssertion, as others open it (saml-core-2.0-os section 2.3.4, XML Encryption 1.1)."""

import pytest

from federation.saml import algorithms, assertion, encryption, names, response
from federation.saml.metadata.entity import EntityKey
from tests.support import saml_judges as judges
from tests.support.saml_examples import SAID, answered, credential, signer

THEIRS = credential(algorithms.RSA)

WAYS = [
    (block, transport)
    for block in (names.AES128_GCM, names.AES256_GCM)
    for transport in (
        {names.RSA_OAEP_MGF1P: ()},
        {names.RSA_OAEP_MGF1P: (names.SHA256,)},
        {names.RSA_OAEP: (names.SHA1,)},
        {names.RSA_OAEP: (names.SHA256,)},
    )
]


@pytest.mark.parametrize(("block", "transport"), WAYS)
def test_xmlenc_libxmlsec1_opens_what_we_encrypt(block: str, transport: dict[str, tuple[str, ...]]) -> None:
    to = encryption.recipient([EntityKey(THEIRS.certificate, "encryption", {block: (), **transport})], allow_cbc=False)
    assert to is not None
    by = signer(names.RSA_SHA256)
    plain = assertion.written(SAID, by)
    text = response.written(answered(encryption.encrypt(plain, to, encryption.ASSERTION)), by)
    assert judges.canonical(text) == text
    judges.assert_valid(text)
    root = judges.parsed(text)
    judges.proved(root, by.certificate)
    found = judges.opened(root.find(f"{{{names.ASSERTION}}}EncryptedAssertion"), THEIRS.private_der)
    assert judges.canonical(judges.etree.tostring(found).decode()) == plain
    judges.proved(found, by.certificate)
    assert block in text
    assert next(iter(transport)) in text
