"""Whatever values come from outside: what we write is canonical, and they change nothing but themselves.

Exclusive XML Canonicalization 1.0, Canonical XML 1.0 section 2.3, XML 1.0 section 2.2.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.saml import names
from federation.saml.writing import Unwritable
from tests.support import saml_judges as judges
from tests.support.saml_examples import MESSAGES, signer

HOSTILE = (
    "]]>",
    "<![CDATA[x]]>",
    "<!-- x -->",
    "<?x y?>",
    "&amp;",
    "&#0;",
    "&x;",
    '"/><saml:Issuer>',
    "' onload='x",
    '" ID="_r',
    ' xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"',
    "</saml:Issuer><saml:Issuer>",
    "\r\n\t \r",
    "\x7f\x85\xa0\u2028\ufeff",
    "李静文",
    "𠮷野家 𠀀",
    " ",
)
CARRIED = st.characters(codec="utf-8", exclude_characters="\ufffe\uffff", exclude_categories=["Cs", "Cc"])
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.one_of(CARRIED, st.sampled_from("\t\n\r<>&\"'"))),
)
ENOUGH = 40


def shape(element: Any) -> Any:
    return element.tag, list(element.attrib), [shape(child) for child in element]


def words(root: Any) -> Counter[str]:
    """All values that it carries, of elements without children and of attributes."""
    found = Counter(element.text or "" for element in root.iter() if len(element) == 0)
    for element in root.iter():
        found.update(element.attrib.values())
    for email in root.iter(f"{{{names.METADATA}}}EmailAddress"):
        found[email.text.removeprefix("mailto:")] += 1
    return found


class Drawn:
    """An endless supply of hostile values that remembers what it gave."""

    def __init__(self, data: st.DataObject) -> None:
        self._values = data.draw(st.lists(VALUES, min_size=1, max_size=ENOUGH))
        self.given: Counter[str] = Counter()

    def __iter__(self) -> Iterator[str]:
        while True:
            for value in self._values:
                self.given[value] += 1
                yield value


@pytest.mark.parametrize("kind", MESSAGES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_exc_c14n_what_we_write_is_its_own_canonical_form(kind: str, data: st.DataObject) -> None:
    by = signer(names.ECDSA_SHA256)
    drawn = Drawn(data)
    text = MESSAGES[kind](iter(drawn), by)
    assert judges.canonical(text) == text
    root = judges.parsed(text)
    assert shape(root) == shape(judges.parsed(MESSAGES[kind](repeat("x"), by)))
    if kind != "encrypted":
        assert drawn.given <= words(root)
    for signature in root.iter(f"{{{names.DS}}}Signature"):
        judges.proved(signature.getparent(), by.certificate)


@pytest.mark.parametrize("kind", MESSAGES)
@pytest.mark.parametrize("value", ["\x00", "a\x1fb", "\ufffe", "\ud800", "\x0b"])
def test_xml_2_2_no_message_drops_what_it_cannot_carry(kind: str, value: str) -> None:
    with pytest.raises(Unwritable):
        MESSAGES[kind](repeat(value), None)


@pytest.mark.parametrize("kind", [kind for kind in MESSAGES if kind != "in an envelope"])
def test_saml_core_messages_are_valid(kind: str) -> None:
    text = MESSAGES[kind](repeat("x"), signer(names.RSA_SHA256))
    judges.assert_valid(text, kind if kind in {"assertion", "metadata"} else "protocol")
