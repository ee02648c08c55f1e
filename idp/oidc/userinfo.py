"""The UserInfo endpoint (OIDC Core section 5.3) and bearer tokens in the header or a form (RFC 6750 sections 2.1 and
2.2; never in the query)."""

from typing import Final

from idp.audit.events import EventType
from idp.citizens.registry import Citizens
from idp.errors import InsufficientScope, InvalidRequest, InvalidToken, OAuthError, TokenMissing
from idp.oidc import scopes
from idp.oidc.access import Access, AccessTokens
from idp.oidc.envelope import Envelopes
from idp.oidc.provider import Engine
from idp.parameters import parse

CONTENT_TYPE: Final = "application/jwt"


class UserinfoEndpoint:
    """/userinfo (OIDC Core section 5.3): a token for claims, read in one round trip to each store."""

    def __init__(self, engine: Engine, access_tokens: AccessTokens, citizens: Citizens, envelopes: Envelopes) -> None:
        self._engine = engine
        self._access_tokens = access_tokens
        self._citizens = citizens
        self._envelopes = envelopes

    def answer(self, query: str, authorization: str | None, form: str | None) -> dict[str, object] | str:
        """The citizen's claims that the token reaches; in a JWT, where the client registered so. Raises `InvalidToken`,
        `InsufficientScope` or `InvalidRequest`."""
        access = self._access_tokens.read(bearer(query, authorization, form), EventType.USERINFO_RELEASED)
        if scopes.OPENID not in access.scopes:  # a refresh may have narrowed it
            raise self._refused(access, InsufficientScope(scopes.OPENID))
        citizen = self._citizens.by_id(access.citizen_id)
        if citizen is None or not citizen.may_sign_in:
            raise self._refused(access, InvalidToken("the account is closed"))
        released = self._engine.release(access.claims, scopes.values(citizen, access.claims))
        claims = released | {"sub": access.sub}
        alg = access.client.userinfo_signed_response_alg
        return claims if alg is None else self._envelopes.seal(access.client, claims, alg)

    def _refused(self, access: Access, error: OAuthError) -> OAuthError:
        return self._access_tokens.refused(access.client.client_id, access.citizen_id, error)


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
