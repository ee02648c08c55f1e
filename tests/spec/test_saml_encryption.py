"""EncryptedAssertion, as others open it (saml-core-2.0-os section 2.3.4, XML Encryption 1.1)."""

from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
import xmlsec
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.saml import algorithms, arriving, assertion, encryption, logout, names, response, writing
from federation.saml.arriving import Message, Unreadable
from federation.saml.credentials import KeyDecrypter, new_credential, open_private
from federation.saml.metadata.entity import EntityKey
from federation.saml.name_id import NameId
from federation.saml.verifying import keys_of
from federation.saml.writing import Xml
from tests.support import saml_judges as judges
from tests.support.saml_examples import NOW, SAID, answered, credential, signer
from tests.support.saml_messages import LOGOUT_REQUEST, NAME_ID, in_form, rsa_peer, signed_by

THEIRS = credential(algorithms.RSA)
OPENER = KeyDecrypter(open_private(THEIRS.private_der))
OTHER = KeyDecrypter(open_private(new_credential(algorithms.RSA, "another", NOW).private_der))
PLAIN = assertion.written(SAID, signer(names.RSA_SHA256))

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


@pytest.mark.parametrize("block", [xmlsec.constants.TransformAes128Gcm, xmlsec.constants.TransformAes256Gcm])
def test_xmlenc_we_open_what_libxmlsec1_encrypts(block: Any) -> None:
    around = judges.parsed(f'<saml:EncryptedAssertion xmlns:saml="{names.ASSERTION}">{PLAIN}</saml:EncryptedAssertion>')
    judges.encrypt(around[0], THEIRS.certificate, block)
    around = judges.parsed(judges.etree.tostring(around))
    assert judges.canonical_of(encryption.decrypt(around, [OTHER, OPENER])) == PLAIN


@pytest.mark.parametrize(("block", "transport"), WAYS)
def test_xmlenc_we_open_what_we_encrypt(block: str, transport: dict[str, tuple[str, ...]]) -> None:
    assert judges.canonical_of(encryption.decrypt(sealed(PLAIN, {block: (), **transport}), [OPENER])) == PLAIN


def test_xmlenc_5_5_2_the_older_form_has_one_mask_whatever_stands_there() -> None:
    element = sealed(PLAIN, {names.AES128_GCM: (), names.RSA_OAEP_MGF1P: ()})
    method = list(element.iter(f"{{{names.XENC}}}EncryptionMethod"))[1]
    judges.etree.SubElement(method, f"{{{names.XENC11}}}MGF").set("Algorithm", names.MGF1_SHA256)
    assert judges.canonical_of(encryption.decrypt(element, [OPENER])) == PLAIN


def test_saml_core_2_2_4_a_name_may_be_encrypted() -> None:
    name = writing.name_id(NameId("李静文", names.TRANSIENT), declared=False)
    found = encryption.decrypt(sealed(name, {}, encryption.NAME_ID), [OPENER])
    assert judges.canonical_of(found) == name


NAME = writing.name_id(NameId("x"), declared=False)
ROT = [
    pytest.param(lambda: sealed(PLAIN), [OTHER], id="another key"),
    pytest.param(lambda: sealed(PLAIN), [], id="no key"),
    pytest.param(lambda: sealed(PLAIN, {names.AES256_CBC: ()}), [OPENER], id="CBC"),
    pytest.param(lambda: sealed(NAME), [OPENER], id="a name for an assertion"),
    pytest.param(lambda: sealed(PLAIN, {}, encryption.NAME_ID), [OPENER], id="an assertion for a name"),
    pytest.param(lambda: sealed(Xml(f"{PLAIN}{PLAIN}")), [OPENER], id="two"),
    pytest.param(lambda: sealed(Xml("")), [OPENER], id="nothing"),
    pytest.param(lambda: sealed(Xml(f"<!DOCTYPE x>{PLAIN}")), [OPENER], id="a document type"),
    pytest.param(lambda: sealed(Xml(PLAIN.replace(' Version="2.0"', ""))), [OPENER], id="against the schema"),
    pytest.param(lambda: without(sealed(PLAIN), "EncryptedData"), [OPENER], id="no data"),
    pytest.param(lambda: without(sealed(PLAIN), "EncryptedKey"), [OPENER], id="no key"),
    pytest.param(lambda: without(sealed(PLAIN), "EncryptionMethod"), [OPENER], id="no method"),
    pytest.param(lambda: changed(sealed(PLAIN), 0, "A"), [OPENER], id="another wrapped key"),
    pytest.param(lambda: changed(sealed(PLAIN), 0, "国"), [OPENER], id="a key that is no base64"),
    pytest.param(lambda: changed(sealed(PLAIN), 1, "A"), [OPENER], id="another content"),
    pytest.param(lambda: with_value(sealed(PLAIN), 1, b""), [OPENER], id="no content"),
    pytest.param(lambda: with_method(sealed(PLAIN), 1, f"{names.XENC}rsa-1_5"), [OPENER], id="RSA 1.5"),
    pytest.param(lambda: with_method(sealed(PLAIN), 0, names.AES256_GCM), [OPENER], id="a key too short"),
    pytest.param(lambda: with_method(sealed(PLAIN), 0, f"{names.XENC}tripledes-cbc"), [OPENER], id="3DES"),
    pytest.param(lambda: with_value(sealed(PLAIN), 0, b"\xff" * 256), [OPENER], id="a key above the modulus"),
    pytest.param(lambda: with_value(sealed(PLAIN), 0, b"\x00" * 255), [OPENER], id="a key too short to open"),
    pytest.param(lambda: with_value(sealed(PLAIN), 1, b"\x00" * 27), [OPENER], id="no room for a tag"),
    pytest.param(lambda: with_label(sealed(PLAIN)), [OPENER], id="a label"),
    pytest.param(lambda: with_key_of_five_others(sealed(PLAIN)), [OPENER], id="too many keys"),
]


@pytest.mark.parametrize(("make", "keys"), ROT)
def test_xmlenc_whatever_is_wrong_the_error_is_the_same(make: Callable[[], Any], keys: list[KeyDecrypter]) -> None:
    with pytest.raises(encryption.CannotDecrypt) as caught:
        encryption.decrypt(make(), keys)
    assert caught.value.args == ()
    assert caught.value.__cause__ is None


def sealed(plain: Xml, methods: dict[str, tuple[str, ...]] | None = None, element: str = encryption.ASSERTION) -> Any:
    to = encryption.recipient([EntityKey(THEIRS.certificate, "encryption", methods or {})], allow_cbc=True)
    assert to is not None
    if not methods:
        to = replace(to, method=replace(to.method, block=names.AES128_GCM))
    return judges.parsed(encryption.encrypt(plain, to, element))


def without(element: Any, name: str) -> Any:
    found = next(element.iter(f"{{{names.XENC}}}{name}"))
    found.getparent().remove(found)
    return element


def changed(element: Any, which: int, into: str) -> Any:
    value = list(element.iter(f"{{{names.XENC}}}CipherValue"))[which]
    value.text = value.text[:24] + (into if value.text[24] != into else "B") + value.text[25:]
    return element


def with_value(element: Any, which: int, value: bytes) -> Any:
    list(element.iter(f"{{{names.XENC}}}CipherValue"))[which].text = b64encode(value).decode()
    return element


def with_method(element: Any, which: int, algorithm: str) -> Any:
    list(element.iter(f"{{{names.XENC}}}EncryptionMethod"))[which].set("Algorithm", algorithm)
    return element


def with_label(element: Any) -> Any:
    method = list(element.iter(f"{{{names.XENC}}}EncryptionMethod"))[1]
    judges.etree.SubElement(method, f"{{{names.XENC}}}OAEPparams").text = "AAAA"
    return element


def with_key_of_five_others(element: Any) -> Any:
    key = next(element.iter(f"{{{names.XENC}}}EncryptedKey"))
    for _ in range(encryption.MOST_KEYS):
        key.addprevious(changed(deepcopy(key), 0, "A"))
    return element


METHODS = st.sampled_from(
    [names.AES128_GCM, names.AES256_GCM, names.AES256_CBC, names.RSA_OAEP, names.RSA_OAEP_MGF1P, names.SHA1, "", "国"]
)


@settings(max_examples=100, deadline=None)
@given(
    data=METHODS,
    transport=METHODS,
    digest=METHODS,
    key=st.one_of(st.binary(), st.binary(min_size=256, max_size=256)),
    content=st.binary(),
)
def test_xmlenc_whatever_comes_no_other_error_does(
    data: str, transport: str, digest: str, key: bytes, content: bytes
) -> None:
    element = with_method(with_method(sealed(PLAIN), 0, data), 1, transport)
    next(element.iter(f"{{{names.DS}}}DigestMethod")).set("Algorithm", digest)
    with_value(with_value(element, 0, key), 1, content)
    with pytest.raises(encryption.CannotDecrypt):
        encryption.decrypt(element, [OTHER, OPENER])


@pytest.mark.parametrize("keys", [[OPENER], [OTHER, OPENER]])
def test_saml_core_3_7_1_the_name_of_a_logout_request_may_be_encrypted(keys: list[KeyDecrypter]) -> None:
    assert logout.read_request(asked_to_end(NAME), keys).name_id == NameId("x")


def test_saml_core_3_7_1_a_name_that_we_cannot_open_is_nobody() -> None:
    with pytest.raises(Unreadable):
        logout.read_request(asked_to_end(NAME), [OTHER])


def asked_to_end(name: Xml) -> Message:
    hidden = sealed(name, {}, encryption.NAME_ID)
    sent = LOGOUT_REQUEST.replace(NAME_ID, judges.etree.tostring(hidden).decode())
    arrived = arriving.from_form(in_form(signed_by(rsa_peer(), sent)), None)
    return arrived.proved(keys_of([EntityKey(rsa_peer().certificate)], "signing"))
