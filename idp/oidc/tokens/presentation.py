"""How an access token comes to a resource of ours: in the header or a form (RFC 6750 sections 2.1 and 2.2; never in the
query), or with a proof (RFC 9449 section 7). One that is bound to a key or certificate is good with that alone."""

from idp.errors import (
    InvalidDpopProof,
    InvalidRequest,
    InvalidToken,
    ResourceNonceMissing,
    ResourceProofInvalid,
    TokenMissing,
    UseDpopNonce,
)
from idp.oidc.call import ResourceCall
from idp.oidc.clients.confirmation import confirmation_of
from idp.oidc.clients.mtls import InvalidCertificate, thumbprint
from idp.oidc.tokens.dpop import Proofs
from idp.oidc.tokens.grant import access_key
from idp.parameters import parse
from idp.secrets import digest, shard_of
from idp.storage.state import Conflict, Gone, Key, StateStore

BEARER, DPOP = _SCHEMES = ("bearer", "dpop")


class Presentation:
    def __init__(self, proofs: Proofs, state: StateStore) -> None:
        self._proofs = proofs
        self._state = state

    def token(self, call: ResourceCall, path: str) -> str:
        """The one access token of a call to `path`, which is bound to no key or came with its key. Whether it opens
        anything is not known yet.

        Raises `TokenMissing`; `InvalidRequest` if there are two or one is in the address; `InvalidToken` if it came
        without its key or with another one; `ResourceProofInvalid` or `ResourceNonceMissing`.
        """
        scheme, token = presented(call)
        bound = confirmation_of(token)
        if bound.x5t is not None:
            _with_certificate(bound.x5t, call)
        if scheme == DPOP:
            self._with_proof(token, call, path)
        elif bound.jkt is not None:
            raise InvalidToken("bound to a key, and came as a bearer token")
        return token

    def _with_proof(self, token: str, call: ResourceCall, path: str) -> None:
        """Remembered under the token itself (`ath` binds the proof to it), so that whoever has no live token leaves
        nothing behind."""
        if call.dpop is None:
            raise ResourceProofInvalid("no proof")
        try:
            jkt, claims = self._proofs.read(call.dpop, call.method, path, token)
        except InvalidDpopProof as error:
            raise ResourceProofInvalid(error.detail) from None
        except UseDpopNonce:
            raise ResourceNonceMissing from None
        if jkt != confirmation_of(token).jkt:
            raise InvalidToken("bound to another key, or to none")
        mark = Key(shard_of(token), "proof", digest(f"{jkt} {claims['jti']}"))
        try:
            self._state.put_under(access_key(token), mark, b"{}", self._proofs.seconds_left(claims))
        except Gone:
            raise InvalidToken("unknown, expired or revoked") from None
        except Conflict:
            raise ResourceProofInvalid("proof was used before") from None


def _with_certificate(x5t: str, call: ResourceCall) -> None:
    """RFC 8705 section 3."""
    try:
        shown = thumbprint(call.certificate)
    except InvalidCertificate:
        raise InvalidToken("bound to a certificate, and came without one") from None
    if shown != x5t:
        raise InvalidToken("bound to another certificate")


def presented(call: ResourceCall) -> tuple[str, str]:
    """The scheme, in small letters, and the token. Raises `TokenMissing`, or `InvalidRequest` if there are two or one
    is in the address, where every log would keep it."""
    if call.query and parse(call.query).get("access_token") is not None:
        raise InvalidRequest("access token in the query")
    scheme, _, token = (call.authorization or "").partition(" ")
    scheme = scheme.lower()
    in_header = token.strip() if scheme in _SCHEMES else None
    parameters = parse(call.form) if call.form else None
    in_form = parameters.get("access_token") if parameters else None
    if parameters is not None:
        parameters.refuse_repeated()
    if in_header and in_form:
        raise InvalidRequest("two access tokens")
    if in_header:
        return scheme, in_header
    if in_form:
        return BEARER, in_form
    raise TokenMissing
