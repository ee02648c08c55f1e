"""Which algorithms are used with whom (SAML V2.0 Metadata Profile for Algorithm Support 1.0, Kantara IIP-ALG)."""

from base64 import b64decode
from collections.abc import Mapping

import pytest
from cryptography import x509

from federation.saml import algorithms, credentials, encryption, names
from federation.saml.algorithms import Encrypting, NoCommonAlgorithm, Signing
from federation.saml.credentials import KeyDecrypter, KeySigner, UnusableKey, new_credential, open_private
from federation.saml.metadata.entity import EntityKey
from tests.support.saml_examples import NOW, credential
from tests.support.saml_messages import rsa_peer

EVERY = tuple(algorithms.SIGNATURES)
RSA_SHA1 = f"{names.DS}rsa-sha1"
RSA_1_5 = f"{names.XENC}rsa-1_5"
TRIPLE_DES = f"{names.XENC}tripledes-cbc"
CERTIFICATE = credential(algorithms.RSA).certificate
WEAK = rsa_peer(bits=1024).certificate
EC_CERTIFICATE = credential(algorithms.EC).certificate


@pytest.mark.parametrize(
    ("signing", "digests", "override", "chosen"),
    [
        pytest.param((), (), None, (names.RSA_SHA256, names.SHA256), id="nothing said"),
        pytest.param(
            (names.RSA_SHA256, names.ECDSA_SHA256), (), None, (names.ECDSA_SHA256, names.SHA256), id="ECDSA named"
        ),
        pytest.param((RSA_SHA1, names.RSA_SHA512), (), None, (names.RSA_SHA512, names.SHA512), id="SHA-1 passed over"),
        pytest.param((), (names.SHA512,), None, (names.RSA_SHA256, names.SHA512), id="another digest"),
        pytest.param((), (names.SHA1, names.SHA256), None, (names.RSA_SHA256, names.SHA256), id="SHA-1 digest"),
        pytest.param(
            (names.ECDSA_SHA256,), (names.SHA512,), names.RSA_SHA256, (names.RSA_SHA256, names.SHA256), id="override"
        ),
    ],
)
def test_saml_algsupport_signatures_follow_the_metadata(
    signing: tuple[str, ...], digests: tuple[str, ...], override: str | None, chosen: tuple[str, str]
) -> None:
    assert algorithms.choose_signature(EVERY, signing, digests, override) == Signing(*chosen)


@pytest.mark.parametrize(
    ("offered", "signing", "digests", "override"),
    [
        pytest.param(EVERY, (RSA_SHA1,), (), None, id="SHA-1 alone"),
        pytest.param(EVERY, (), (names.SHA1,), None, id="SHA-1 digests alone"),
        pytest.param(EVERY, (), (), RSA_SHA1, id="SHA-1 by override"),
        pytest.param((names.RSA_SHA256,), (names.ECDSA_SHA256,), (), None, id="no such key"),
        pytest.param((names.RSA_SHA512,), (), (), None, id="a deployment that denies the default"),
    ],
)
def test_iip_alg_nothing_is_signed_where_nothing_is_common(
    offered: tuple[str, ...], signing: tuple[str, ...], digests: tuple[str, ...], override: str | None
) -> None:
    with pytest.raises(NoCommonAlgorithm):
        algorithms.choose_signature(offered, signing, digests, override)


OLD_OAEP = (names.RSA_OAEP_MGF1P, names.SHA1, names.MGF1_SHA1)
NEW_OAEP = (names.RSA_OAEP, names.SHA256, names.MGF1_SHA256)


@pytest.mark.parametrize(
    ("methods", "allow_cbc", "chosen"),
    [
        ({}, False, (names.AES256_GCM, *OLD_OAEP)),
        ({names.AES128_GCM: ()}, False, (names.AES128_GCM, *OLD_OAEP)),
        ({names.AES128_GCM: (), names.AES256_GCM: (), TRIPLE_DES: ()}, False, (names.AES256_GCM, *OLD_OAEP)),
        ({names.RSA_OAEP: ()}, False, (names.AES256_GCM, *NEW_OAEP)),
        ({names.RSA_OAEP: (names.SHA256,), names.RSA_OAEP_MGF1P: ()}, False, (names.AES256_GCM, *NEW_OAEP)),
        ({names.RSA_OAEP: (names.SHA1,), names.RSA_OAEP_MGF1P: (names.SHA1,)}, False, (names.AES256_GCM, *OLD_OAEP)),
        (
            {names.RSA_OAEP: (names.SHA1,)},
            False,
            (names.AES256_GCM, names.RSA_OAEP, names.SHA1, names.MGF1_SHA1),
        ),
        (
            {names.RSA_OAEP_MGF1P: (names.SHA256,)},
            False,
            (names.AES256_GCM, names.RSA_OAEP_MGF1P, names.SHA256, names.MGF1_SHA1),
        ),
        ({RSA_1_5: (), names.RSA_OAEP_MGF1P: ()}, False, (names.AES256_GCM, *OLD_OAEP)),
        ({names.AES128_CBC: ()}, True, (names.AES128_CBC, *OLD_OAEP)),
        ({names.AES128_CBC: (), names.AES128_GCM: ()}, True, (names.AES128_GCM, *OLD_OAEP)),
        ({}, True, (names.AES256_CBC, *OLD_OAEP)),
    ],
)
def test_iip_alg_encryption_follows_the_metadata_of_the_key(
    methods: Mapping[str, tuple[str, ...]], allow_cbc: bool, chosen: tuple[str, str, str, str]
) -> None:
    assert algorithms.choose_encryption(methods, allow_cbc) == Encrypting(*chosen)


@pytest.mark.parametrize(
    "methods",
    [
        {names.AES128_CBC: (), names.AES256_CBC: ()},
        {TRIPLE_DES: ()},
        {f"{names.XENC11}aes192-gcm": ()},
        {RSA_1_5: ()},
        {names.AES256_GCM: (), RSA_1_5: ()},
        {names.RSA_OAEP: (names.SHA512,)},
    ],
)
def test_iip_alg_what_we_never_use_is_not_used_because_it_alone_is_named(
    methods: Mapping[str, tuple[str, ...]],
) -> None:
    with pytest.raises(NoCommonAlgorithm):
        algorithms.choose_encryption(methods, allow_cbc=False)


def test_sdp_idp32_the_first_key_that_will_do_is_encrypted_to() -> None:
    keys = [
        EntityKey(CERTIFICATE, "signing"),
        EntityKey(CERTIFICATE, ""),
        EntityKey("no certificate", "encryption"),
        EntityKey(WEAK, "encryption"),
        EntityKey(EC_CERTIFICATE, "encryption"),
        EntityKey(CERTIFICATE, "encryption", {RSA_1_5: ()}),
        EntityKey(CERTIFICATE, "encryption", {names.AES128_GCM: ()}),
    ]
    to = encryption.recipient(keys, allow_cbc=False)
    assert to is not None
    assert to.method.block == names.AES128_GCM


@pytest.mark.parametrize(
    "key",
    [
        EntityKey(WEAK, "encryption"),
        EntityKey(EC_CERTIFICATE, "encryption"),
        EntityKey(CERTIFICATE, "encryption", {TRIPLE_DES: ()}),
        EntityKey(CERTIFICATE, "", {RSA_1_5: ()}),
    ],
)
def test_what_should_be_encrypted_is_not_sent_in_the_clear(key: EntityKey) -> None:
    with pytest.raises(NoCommonAlgorithm):
        encryption.recipient([key], allow_cbc=False)


@pytest.mark.parametrize("keys", [[], [EntityKey(CERTIFICATE, "signing")], [EntityKey(EC_CERTIFICATE, "")]])
def test_who_has_no_key_for_it_is_not_encrypted_to(keys: list[EntityKey]) -> None:
    assert encryption.recipient(keys, allow_cbc=False) is None


def test_a_key_signs_with_algorithms_of_its_kind_alone() -> None:
    made = credential(algorithms.EC)
    with pytest.raises(UnusableKey):
        KeySigner(open_private(made.private_der), made.certificate, Signing(names.RSA_SHA256, names.SHA256))
    with pytest.raises(UnusableKey):
        KeyDecrypter(open_private(made.private_der))


@pytest.mark.parametrize("kind", [algorithms.RSA, algorithms.EC])
def test_a_new_certificate_is_signed_by_its_own_key_for_ten_years(kind: str) -> None:
    made = new_credential(kind, "id.example", NOW)
    certificate = x509.load_der_x509_certificate(b64decode(made.certificate))
    certificate.verify_directly_issued_by(certificate)
    assert certificate.public_key() == open_private(made.private_der).public_key()
    assert certificate.not_valid_before_utc.timestamp() == NOW
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 3650


@pytest.mark.parametrize("certificate", ["", "AAAA", "国", WEAK])
def test_certificates_without_a_key_of_ours_are_refused(certificate: str) -> None:
    with pytest.raises(UnusableKey):
        credentials.public_key(certificate)
