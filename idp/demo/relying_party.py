"""A portal's OpenID Connect side, on Authlib: code flow with PKCE S256, state and nonce; every answer proved."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests
from authlib.integrations.flask_client import OAuth
from authlib.oidc.core import CodeIDToken
from flask import Flask, Request, session
from werkzeug.wrappers import Response

from idp.demo.logout_token import LEEWAY_SECONDS, Departure, LogoutTokenClaims, LogoutTokens
from idp.demo.portal_settings import OidcSettings
from idp.demo.refusals import ProviderSilent, Refused, Unproved
from idp.demo.visitors import SignedIn

PROVIDER_SECONDS = 10
"""How long the portal waits for the provider."""

T = TypeVar("T")


class RelyingParty:
    """The portal's side of OpenID Connect: beginning and finishing a sign-in, signing out, and being told of one."""

    def __init__(self, app: Flask, settings: OidcSettings, logout_tokens: LogoutTokens) -> None:
        self._settings = settings
        self._logout_tokens = logout_tokens
        self._client = OAuth(app).register(
            name="idp",
            server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            client_kwargs={
                "scope": settings.scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic",
                "default_timeout": PROVIDER_SECONDS,
                "leeway": 0,
                "trust_env": False,
            },
        )

    def begin(self, language: str) -> Response:
        """To the provider, in the language the citizen reads. Raises `ProviderSilent`."""
        self._prove_provider()
        answer: Response = self._client.authorize_redirect(f"{self._settings.url}/callback", ui_locales=language)
        return answer

    def finish(self, request: Request) -> SignedIn:
        """Prove the provider's answer and fetch who it is about. Raises `Refused` or `ProviderSilent`."""
        self._prove_provider()
        self._prove_answer(request)
        if "error" in request.args:
            self._client.framework.clear_state_data(session, request.args["state"])
            raise Refused(request.args["error"], "the provider's answer")
        token = _proved(
            lambda: self._client.authorize_access_token(
                claims_options=self._expected() | {"sub": {"essential": True, "validate": _typed_as_an_id_token}},
                leeway=LEEWAY_SECONDS,
            )
        )
        return self._signed_in(token)

    def leave(self, id_token: str, language: str) -> Response:
        """Sign out of the provider (RP-Initiated Logout 1.0 section 2). Raises `ProviderSilent`."""
        self._prove_provider()
        answer: Response = self._client.logout_redirect(
            f"{self._settings.url}/signed-out",
            id_token_hint=id_token,
            client_id=self._settings.client_id,
            ui_locales=language,
        )
        return answer

    def prove_left(self) -> None:
        """The browser comes back from a sign-out that began here. Raises `Refused` if it did not."""
        _proved(self._client.validate_logout_response)

    def departure(self, logout_token: str) -> Departure:
        """Prove a Logout Token (Back-Channel Logout 1.0 section 2.6). Raises `Refused` or `ProviderSilent`."""
        self._prove_provider()
        claims = _proved(
            lambda: self._client.parse_id_token(
                {"id_token": logout_token},
                nonce=None,
                claims_options=self._expected() | {name: {"essential": True} for name in ("iat", "exp", "jti")},
                claims_cls=LogoutTokenClaims,
                leeway=LEEWAY_SECONDS,
            )
        )
        return self._logout_tokens.accept(claims)

    def _prove_provider(self) -> None:
        """The metadata is there and of the issuer it was asked of (OIDC Discovery section 4.3)."""
        metadata = _proved(self._client.load_server_metadata)
        if metadata.get("issuer") != self._settings.issuer:
            raise ProviderSilent("the metadata is of another issuer")

    def _prove_answer(self, request: Request) -> None:
        """`iss` and `state` hold, of errors too; nothing else is believed before (RFC 9207 section 2.4)."""
        for name in ("iss", "state"):
            if len(request.args.getlist(name)) != 1:
                raise Unproved(name)
        if request.args["iss"] != self._settings.issuer:
            raise Unproved("iss")
        if self._client.framework.get_state_data(session, request.args["state"]) is None:
            raise Unproved("state")
        if "error" not in request.args and not request.args.get("code"):
            raise Unproved("code")

    def _expected(self) -> dict[str, dict[str, Any]]:
        """What any token of the provider's must say here: whose it is, for whom, and signed as registered."""
        return {
            "iss": {"essential": True, "values": [self._settings.issuer], "validate": self._signed_as_registered},
            "aud": {"essential": True, "value": self._settings.client_id},
        }

    def _signed_as_registered(self, claims: CodeIDToken, _: object) -> bool:
        """OIDC Core section 3.1.3.7, step 7."""
        return bool(claims.header["alg"] == self._settings.id_token_signed_response_alg)

    def _signed_in(self, token: Mapping[str, Any]) -> SignedIn:
        if "userinfo" not in token:
            raise Unproved("there is no ID token")
        proved = token["userinfo"]
        told = _proved(lambda: self._client.userinfo(token=token))
        if told.get("sub") != proved["sub"]:
            raise Unproved("the UserInfo answer is about somebody else (OIDC Core section 5.3.2)")
        return SignedIn(
            sub=proved["sub"],
            sid=proved.get("sid", ""),
            acr=proved.get("acr", ""),
            auth_time=int(proved.get("auth_time", proved["iat"])),
            name=told.get("name", ""),
            citizen_id_number=told.get("citizen_id_number"),
            phone_number=told.get("phone_number"),
            hint=token["id_token"],
        )


def _typed_as_an_id_token(claims: CodeIDToken, _: object) -> bool:
    """A logout token is signed by the same keys for the same portal (RFC 8725 section 3.11)."""
    return str(claims.header.get("typ", "JWT")).upper() == "JWT"


def _proved(work: Callable[[], T]) -> T:
    """Whatever the library makes of hostile input becomes a refusal: it raises errors of several packages."""
    try:
        return work()
    except Refused:
        raise
    except requests.RequestException as error:
        raise ProviderSilent(type(error).__name__) from error
    except Exception as error:
        raise Unproved(f"{type(error).__name__} {getattr(error, 'error', '')}".strip()) from error
