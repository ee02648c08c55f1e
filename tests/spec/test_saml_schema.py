"""Our own schema, held against that of OASIS, which python3-saml ships: whatever ours lets pass, theirs does.

The documents are drawn from ours, so that every place of it is met.
"""

from itertools import repeat
from random import Random
from threading import Barrier, Thread

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from federation.saml import arriving, logout, schema, verifying, xml
from federation.saml.credentials import public_key
from federation.saml.names import DS, ECDSA_SHA256, EXC_C14N, METADATA, RSA_SHA256, XENC11
from federation.saml.schema import BadSchema
from federation.saml.xml import Element
from tests.support.saml_examples import MESSAGES as WRITTEN
from tests.support.saml_examples import signer
from tests.support.saml_grammar import Drawn
from tests.support.saml_judges import assert_valid
from tests.support.saml_messages import MESSAGES

ROOTS = [
    *((name, "protocol.rng", "protocol") for name in MESSAGES if name != "Assertion"),
    ("Assertion", "protocol.rng", "assertion"),
    ("EntityDescriptor", "metadata.rng", "metadata"),
]
OTHER_ROLES = ("RoleDescriptor", "IDPSSODescriptor", "AuthnAuthorityDescriptor", "AttributeAuthorityDescriptor")


def older(element: Element) -> str:
    """Without what the schemas of 2005 do not know, nor the roles that we pass by."""
    for value in list(element.iter("{http://www.w3.org/2009/xmldsig11#}ECKeyValue")):
        holder = value.getparent()
        assert holder is not None
        holder.tag, holder[:] = f"{{{DS}}}KeyName", []
    roles = [f"{{{METADATA}}}{name}" for name in (*OTHER_ROLES, "PDPDescriptor")]
    etree.strip_elements(element, f"{{{EXC_C14N}}}InclusiveNamespaces", f"{{{XENC11}}}MGF", *roles, with_tail=False)
    if element.tag == f"{{{METADATA}}}EntityDescriptor":
        assume(element.find(f"{{{METADATA}}}SPSSODescriptor") is not None)
    return etree.tostring(element, encoding="unicode")


@pytest.mark.parametrize(("name", "file", "theirs"), ROOTS, ids=[name for name, _, _ in ROOTS])
@settings(max_examples=40, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_whatever_we_accept_the_standard_accepts(name: str, file: str, theirs: str, chance: Random) -> None:
    raw = etree.tostring(Drawn(file, chance).document(name), with_tail=False)
    element = xml.parse(raw, len(raw))
    schema.check(element)
    assert_valid(older(element), theirs)


@pytest.mark.parametrize("kind", [kind for kind in WRITTEN if kind != "in an envelope"])
def test_whatever_we_write_we_would_read(kind: str) -> None:
    """With libraries of others between: nothing here knows how it was written."""
    for algorithm in (RSA_SHA256, ECDSA_SHA256):
        by = signer(algorithm)
        element = xml.parse(WRITTEN[kind](repeat("_value"), by).encode(), 100_000)
        schema.check(element)
        fresh = verifying.signed(element, [public_key(by.certificate)])
        assert fresh.get("ID") == element.get("ID")


def test_what_we_write_in_an_envelope_we_would_read() -> None:
    by = signer(ECDSA_SHA256)
    arrived = arriving.from_soap(WRITTEN["in an envelope"](repeat("_value"), by).encode())
    assert logout.read_request(arrived.proved([public_key(by.certificate)])).session_indexes


def test_threads_that_check_at_once_do_not_disturb_each_other() -> None:
    """What a check complains of is kept in the schema: of each thread its own."""
    good = [document.encode() for document in MESSAGES.values()]
    bad = [document.replace('Version="2.0"', 'Version="2.1"', 1).encode() for document in MESSAGES.values()]
    wrong: list[bytes] = []
    start = Barrier(6)

    def run() -> None:
        start.wait()
        for raw in (good + bad) * 20:
            element = xml.parse(raw, len(raw))
            try:
                schema.check(element)
                passed = True
            except BadSchema:
                passed = False
            if passed is not (raw in good):
                wrong.append(raw)

    threads = [Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert schema_of_another_thread() is not schema._schema("protocol.rng")


def schema_of_another_thread() -> object:
    found: list[object] = []
    thread = Thread(target=lambda: found.append(schema._schema("protocol.rng")))
    thread.start()
    thread.join()
    return found[0]
