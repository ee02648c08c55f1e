"""The UserInfo endpoint (OIDC Core section 5.3) and bearer tokens in the header or a form (RFC 6750 sections 2.1 and
2.2; never in the query)."""

from idp.audit.events import EventType
from idp.audit.recorder import event
from idp.citizens.registry import Citizens
from idp.clock import Clock
from idp.codec import decode
from idp.errors import InsufficientScope, InvalidRequest, InvalidToken, TokenMissing
from idp.oidc import scopes
from idp.oidc.grant import AccessRecord, access_key
from idp.oidc.provider import Engine
from idp.oidc.target import ClientSource
from idp.parameters import parse
from idp.storage.state import Gone, StateStore


class UserinfoEndpoint:
    """/userinfo (OIDC Core section 5.3): a token for claims, read in one round trip to each store."""

    def __init__(
        self, engine: Engine, clients: ClientSource, state: StateStore, citizens: Citizens, clock: Clock
    ) -> None:
        self._engine = engine
        self._clients = clients
        self._state = state
        self._citizens = citizens
        self._clock = clock

    def answer(self, query: str, authorization: str | None, form: str | None) -> dict[str, object]:
        """The citizen's claims that the token reaches. Raises `InvalidToken`, `InsufficientScope` or
        `InvalidRequest`."""
        record = self._read(bearer(query, authorization, form))
        if scopes.OPENID not in record.scopes:  # a refresh may have narrowed it
            raise InsufficientScope(scopes.OPENID)
        client = self._clients.get(record.client_id)
        if client is None or not client.enabled:
            raise InvalidToken("the client is disabled")
        citizen = self._citizens.by_id(record.citizen_id)
        if citizen is None or not citizen.may_sign_in:
            raise InvalidToken("the account is closed")
        released = self._engine.release(record.claims, scopes.values(citizen, record.claims))
        return released | {"sub": record.sub}

    def _read(self, token: str) -> AccessRecord:
        told = event(EventType.USERINFO_RELEASED, self._clock.now())
        try:
            return decode(self._state.read_under(access_key(token), [told]), AccessRecord)
        except Gone:
            raise InvalidToken("unknown, expired or revoked") from None


def bearer(query: str, authorization: str | None, form: str | None) -> str:
    """The one bearer token of a request. Raises `TokenMissing` if there is none, `InvalidRequest` if there are two or
    one is in the address, where every log would keep it."""
    if query and parse(query).get("access_token") is not None:
        raise InvalidRequest("access token in the query")
    scheme, _, token = (authorization or "").partition(" ")
    in_header = token.strip() if scheme.lower() == "bearer" else None
    parameters = parse(form) if form else None
    in_form = parameters.get("access_token") if parameters else None
    if parameters is not None:
        parameters.refuse_repeated()
    if in_header and in_form:
        raise InvalidRequest("two access tokens")
    found = in_header or in_form
    if not found:
        raise TokenMissing
    return found
