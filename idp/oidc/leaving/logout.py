"""RP-Initiated Logout 1.0: what a request to /logout proves, and what has to be asked first.

A session is ended without a question only for an ID token of ours that names this very session; anybody else's link has
to be confirmed by the citizen. The browser is sent on only to an address that the client registered for it, and by
itself only for an ID token of that client or after the citizen's answer: else /logout would send anybody anywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from idp.errors import InvalidRequest
from idp.leaving.messenger import Browser, Told
from idp.leaving.telling import Telling
from idp.oidc.clients.client import Client, ClientSource, enabled
from idp.oidc.jose import jwe
from idp.oidc.jose.jwe import InvalidJwe
from idp.oidc.jose.jws import InvalidJws
from idp.oidc.jose.keys import KeyRing
from idp.oidc.subjects import Subjects
from idp.parameters import Parameters
from idp.secrets import equal
from idp.sessions import Session, Sessions

REASON: Final = "signed_out"
_AGAIN: Final = ("post_logout_redirect_uri", "state", "ui_locales")


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A proved request. `back` is where to send the browser afterwards, if anywhere; the hints stood in the ID token
    that came along; `again` is the request without that token, for the address of the confirmation."""

    client: Client | None
    back: str | None
    hint_sub: str | None
    hint_sid: str | None
    languages: tuple[str, ...]
    again: Mapping[str, str]

    @property
    def asking(self) -> Client | None:
        """The client that has shown by an ID token that it is the one who asks."""
        return self.client if self.hint_sub is not None else None


class IdTokenHints:
    """Reads ID tokens that come back to us, encrypted anew or not. They may be expired (OIDC Core section 3.1.2.1), but
    they must be ours."""

    def __init__(self, issuer: str, keys: KeyRing) -> None:
        self._issuer = issuer
        self._keys = keys

    def claims(self, id_token_hint: str) -> dict[str, object]:
        """Raises `InvalidRequest`."""
        try:
            signed = self._keys.decrypt(id_token_hint) if jwe.encrypted(id_token_hint) else id_token_hint
            claims = self._keys.verify(signed, "JWT")
        except (InvalidJwe, InvalidJws):
            raise InvalidRequest("id_token_hint is not ours") from None
        if claims.get("iss") != self._issuer or not isinstance(claims.get("sub"), str):
            raise InvalidRequest("id_token_hint is not ours")
        return claims

    def subject_of_hint(self, id_token_hint: str, client_id: str) -> str:
        """As `HintReader` of `request.py`."""
        claims = self.claims(id_token_hint)
        if claims.get("aud") != client_id:
            raise InvalidRequest("id_token_hint is another client's")
        return str(claims["sub"])


def read(parameters: Parameters, clients: ClientSource, hints: IdTokenHints) -> LogoutRequest:
    """Raises `InvalidRequest`, and then there is nowhere to send the browser to (section 3)."""
    parameters.refuse_repeated()
    hint = parameters.get("id_token_hint")
    claims = hints.claims(hint) if hint is not None else {}
    client_id = parameters.get("client_id")
    audience = claims.get("aud")
    if client_id is not None and audience is not None and client_id != audience:
        raise InvalidRequest("client_id and id_token_hint are of different clients")
    named = client_id or (audience if isinstance(audience, str) else None)
    client = enabled(clients, named) if named else None
    if named and client is None:
        raise InvalidRequest("unknown client")
    sub, sid = claims.get("sub"), claims.get("sid")
    again = {name: value for name in _AGAIN if (value := parameters.get(name)) is not None}
    return LogoutRequest(
        client=client,
        back=_back(parameters, client),
        hint_sub=sub if isinstance(sub, str) else None,
        hint_sid=sid if isinstance(sid, str) else None,
        languages=tuple((parameters.get("ui_locales") or "").split()),
        again=again | ({"client_id": client.client_id} if client else {}),
    )


def _back(parameters: Parameters, client: Client | None) -> str | None:
    uri = parameters.get("post_logout_redirect_uri")
    if uri is None:
        return None
    if client is None or uri not in client.post_logout_redirect_uris:
        raise InvalidRequest("post_logout_redirect_uri is not registered")
    state = parameters.get("state")
    if state is None:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'state': state})}"


class SigningOut:
    """What /logout does, apart from pages: whose session it is, whether to ask, and the end of it."""

    def __init__(
        self,
        clients: ClientSource,
        hints: IdTokenHints,
        sessions: Sessions,
        subjects: Subjects,
        telling: Telling,
    ) -> None:
        self._clients = clients
        self._hints = hints
        self._sessions = sessions
        self._subjects = subjects
        self._telling = telling

    def read(self, parameters: Parameters) -> LogoutRequest:
        """Raises `InvalidRequest`."""
        return read(parameters, self._clients, self._hints)

    def proves(self, request: LogoutRequest, session: Session) -> bool:
        """Whether the hint names this very session, so that it may end without a question."""
        client = request.client
        if client is None or request.hint_sub is None or request.hint_sid is None:
            return False
        sub = self._subjects.subject(client, session.head.citizen_id)
        sid = self._subjects.sid(client, session.head.lineage)
        return equal(request.hint_sub, sub) and equal(request.hint_sid, sid)

    def end(self, session: Session, asking: Client | None) -> Sequence[Told]:
        """End the session everywhere; what became of it at each relying party. One that has shown that it asks has
        ended its own."""
        ended = self._sessions.end_with_twins(session, REASON)
        if ended is None:
            return ()
        told = self._telling.tell(REASON, ended, browser=Browser.ALL)
        own = asking.client_id if asking else None
        return [replace(each, confirmed=each.confirmed or each.party_id == own) for each in told]
