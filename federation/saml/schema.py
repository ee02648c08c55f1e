"""Whether an element is what its name says: our own RELAX NG of what we read, in `grammar/`.

It comes before anything else is done with an element, and again on what a signature gave back. Whoever passed it can
be read without a further thought for what is missing, doubled or out of place.
"""

import threading
from pathlib import Path
from typing import Final

from lxml import etree

from federation.saml.names import ASSERTION, METADATA, PROTOCOL
from federation.saml.xml import Element

_MESSAGES: Final = (
    "AuthnRequest",
    "LogoutRequest",
    "LogoutResponse",
    "ArtifactResolve",
    "ArtifactResponse",
    "Response",
)
_FILES: Final = {
    **{f"{{{PROTOCOL}}}{name}": "protocol.rng" for name in _MESSAGES},
    f"{{{ASSERTION}}}Assertion": "protocol.rng",
    f"{{{ASSERTION}}}NameID": "protocol.rng",
    f"{{{METADATA}}}EntityDescriptor": "metadata.rng",
    f"{{{METADATA}}}EntitiesDescriptor": "aggregate.rng",
}
_GRAMMAR: Final = Path(__file__).with_name("grammar")
_compiled: Final = threading.local()
"""Of each thread its own: lxml keeps what a check complained of in the schema, and libxml2 promises nothing to threads
that share one."""


class BadSchema(Exception):
    """Not what its name says, or no element that we read. The text is for logs: it has names of elements, no values."""


def check(element: Element) -> None:
    """Raises `BadSchema`. libxml2 marks in the tree what it found right, and does not look there again: what was
    changed since is parsed anew first."""
    file = _FILES.get(str(element.tag))
    if file is None:
        raise BadSchema("not an element that is read here")
    if not _schema(file).validate(element):
        raise BadSchema(etree.QName(element).localname)


def _schema(file: str) -> etree.RelaxNG:
    known: etree.RelaxNG | None = getattr(_compiled, file, None)
    if known is None:
        known = etree.RelaxNG(file=str(_GRAMMAR / file))
        setattr(_compiled, file, known)
    return known
