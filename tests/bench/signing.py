"""How fast Responses are written and signed, beside the bare signature: in this process, on one processor.

    python -m tests.bench.signing

The limit is what `cryptography` signs of bytes that are there already, divided by the signatures of one Response. Both
are measured in turns, so that a busy machine slows both.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from federation.saml import algorithms, assertion, encryption, names, response
from federation.saml.assertion import Assertion, Attribute, Authentication, Confirmation
from federation.saml.credentials import KeySigner, PrivateKey, new_credential, open_private
from federation.saml.encryption import Recipient
from federation.saml.metadata.entity import EntityKey
from federation.saml.name_id import NameId
from federation.saml.response import Response, Status

ALGORITHMS = {algorithms.RSA: names.RSA_SHA256, algorithms.EC: names.ECDSA_SHA256}
TURNS = 10


@dataclass(frozen=True)
class Rate:
    """A second, on one processor. `limit` is that of bare signatures."""

    name: str
    ours: float
    limit: float

    @property
    def share(self) -> float:
        return self.ours / self.limit


def measure(kind: str, seconds: float = 2.0) -> list[Rate]:
    """Responses signed by an RSA-2048 or P-256 key: with a signed assertion in them, with an encrypted one, and with
    none but their own signature."""
    now = int(time.time())
    made = new_credential(kind, "bench", now)
    key = open_private(made.private_der)
    signer = KeySigner(key, made.certificate, algorithms.Signing(ALGORITHMS[kind], names.SHA256))
    to = encryption.recipient([EntityKey(new_credential(algorithms.RSA, "sp", now).certificate)], allow_cbc=False)
    ways: dict[str, tuple[int, Callable[[], str]]] = {
        "Response and Assertion signed": (2, lambda: _response(signer, now, signer, None)),
        "Response signed": (1, lambda: _response(signer, now, None, None)),
        "Response signed, Assertion encrypted": (1, lambda: _response(signer, now, None, to)),
    }
    rates = []
    for name, (signatures, call) in ways.items():
        ours, bare = _in_turns(call, bare_signature(key), seconds)
        rates.append(Rate(f"{kind}: {name}", ours, bare / signatures))
    return rates


def bare_signature(key: PrivateKey) -> Callable[[], bytes]:
    """The signature of a thousand bytes."""
    data = bytes(1000)
    if isinstance(key, rsa.RSAPrivateKey):
        return lambda: key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return lambda: key.sign(data, ec.ECDSA(hashes.SHA256()))


def bare(kind: str) -> Callable[[], bytes]:
    """The same by a new key of this kind."""
    return bare_signature(open_private(new_credential(kind, "bare", int(time.time())).private_der))


def _in_turns(ours: Callable[[], object], bare: Callable[[], object], seconds: float) -> tuple[float, float]:
    """Calls of each in a second of our processor time."""
    spent = [0.0, 0.0]
    count = [0, 0]
    for _ in range(TURNS):
        for which, call in enumerate((ours, bare)):
            begun = time.process_time()
            while (took := time.process_time() - begun) < seconds / TURNS / 2:
                for _ in range(20):
                    call()
                count[which] += 20
            spent[which] += took
    return count[0] / spent[0], count[1] / spent[1]


def _response(signer: KeySigner, now: int, assertion_signer: KeySigner | None, to: Recipient | None) -> str:
    said = assertion.written(_assertion(now), assertion_signer)
    if to is not None:
        said = encryption.encrypt(said, to, encryption.ASSERTION)
    answer = Response(
        "_8f3c1d2b4a5e6f708192a3b4c5d6e7f8",
        "https://id.example/saml/metadata",
        now,
        "https://service.example/saml/acs",
        "_0123456789abcdef0123456789abcdef",
        Status(),
        said,
    )
    return response.written(answer, signer)


def _assertion(now: int) -> Assertion:
    return Assertion(
        id="_a1b2c3d4e5f60718293a4b5c6d7e8f90",
        issuer="https://id.example/saml/metadata",
        issue_instant=now,
        name_id=NameId(
            "5ZIXqWyHwSXdXvGfXJQTrOzLpxRxkBcLVYHQ0n0MYaA",
            names.PERSISTENT,
            "https://id.example/saml/metadata",
            "https://service.example/saml/metadata",
        ),
        confirmation=Confirmation("https://service.example/saml/acs", now + 300, "_0123456789abcdef0123456789abcdef"),
        not_before=now - 180,
        not_on_or_after=now + 300,
        audiences=("https://service.example/saml/metadata",),
        authentication=Authentication(now - 60, "urn:citizen-idp:aal:2", "_c0ffee00c0ffee00c0ffee00c0ffee00"),
        attributes=(
            Attribute("urn:oid:2.16.840.1.113730.3.1.241", ("李静文",), friendly_name="displayName"),
            Attribute("urn:oid:2.5.4.42", ("静文",), friendly_name="givenName"),
            Attribute("urn:oid:2.5.4.4", ("李",), friendly_name="sn"),
            Attribute("urn:oid:0.9.2342.19200300.100.1.3", ("li@example.cn",), friendly_name="mail"),
        ),
    )


if __name__ == "__main__":
    for one in ALGORITHMS:
        for rate in measure(one):
            print(f"{rate.name:45} {rate.ours:8,.0f}/s of {rate.limit:8,.0f}/s  {rate.share:.2f}")
