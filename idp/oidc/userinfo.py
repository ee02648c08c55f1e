"""The UserInfo endpoint (OIDC Core section 5.3)."""

from typing import Final

from idp.audit.events import EventType
from idp.citizens.registry import Citizens
from idp.errors import InsufficientScope, InvalidToken, OAuthError
from idp.oidc import scopes
from idp.oidc.call import ResourceCall
from idp.oidc.envelope import Envelopes
from idp.oidc.provider import Engine
from idp.oidc.tokens.access import Access, AccessTokens
from idp.oidc.tokens.presentation import Presentation

PATH: Final = "/userinfo"
CONTENT_TYPE: Final = "application/jwt"


class UserinfoEndpoint:
    """/userinfo (OIDC Core section 5.3): a token for claims, read in one round trip to each store."""

    def __init__(
        self,
        engine: Engine,
        access_tokens: AccessTokens,
        citizens: Citizens,
        envelopes: Envelopes,
        presentation: Presentation,
    ) -> None:
        self._engine = engine
        self._access_tokens = access_tokens
        self._citizens = citizens
        self._envelopes = envelopes
        self._presentation = presentation

    def answer(self, call: ResourceCall) -> dict[str, object] | str:
        """The citizen's claims that the token reaches; in a JWT, where the client registered so. Raises `InvalidToken`,
        `InsufficientScope` or `InvalidRequest`, and what `Presentation.token` raises."""
        access = self._access_tokens.read(self._presentation.token(call, PATH), EventType.USERINFO_RELEASED)
        if scopes.OPENID not in access.scopes:  # a refresh may have narrowed it
            raise self._refused(access, InsufficientScope(scopes.OPENID))
        citizen = self._citizens.by_id(access.citizen_id)
        if citizen is None or not citizen.may_sign_in:
            raise self._refused(access, InvalidToken("the account is closed"))
        released = self._engine.release(access.claims, scopes.values(citizen, access.claims))
        return self._envelopes.userinfo(access.client, released | {"sub": access.sub})

    def _refused(self, access: Access, error: OAuthError) -> OAuthError:
        return self._access_tokens.refused(access.client.client_id, access.citizen_id, error)
