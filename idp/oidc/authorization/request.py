"""An authorization request that was proved, in the two forms in which it travels on.

`CodeRequest` is what the token endpoint will need; it is kept in the transaction and with the code. `Ask` is what the
sign-in needs.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from idp.errors import InvalidRequest, UnmetAuthenticationRequirements
from idp.login.assurance import OFFERED, lowest
from idp.login.transaction import Ask
from idp.oidc.authorization import claims_parameter, rules
from idp.oidc.authorization.claims_parameter import ClaimsRequest
from idp.oidc.authorization.target import Target
from idp.oidc.resources.reach import Reach, Reaching
from idp.oidc.tokens.grant import CodeRequest
from idp.parameters import Parameters

PARAMETERS: Final = frozenset(
    {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "dpop_jkt",
        "response_mode",
        "prompt",
        "max_age",
        "display",
        "ui_locales",
        "claims_locales",
        "id_token_hint",
        "login_hint",
        "acr_values",
        "claims",
        "request",
        "request_uri",
        "registration",
        "resource",
        "authorization_details",
    }
)
"""Those of an authorization request that are read, if only to be refused."""
CLOCK_SKEW: Final = 5
"""Seconds by which the clocks of our workers may differ."""


class HintReader(Protocol):
    """Reads `id_token_hint` (OIDC Core section 3.1.2.1)."""

    def subject_of_hint(self, id_token_hint: str, client_id: str) -> str:
        """The subject of an ID token that we issued to this client, expired or not. Raises `InvalidRequest`."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request in its two forms."""

    code_request: CodeRequest
    ask: Ask


def read(
    parameters: Parameters, target: Target, hints: HintReader, reaching: Reaching, now: int, session_name: str
) -> Wanted:
    """Prove every parameter of a request whose target is proved. Raises the error each clause names.

    `session_name` names the session this browser holds, or is empty: with `prompt=login` that one will not do, nor with
    `max_age=0`, which means the same (OIDC Core section 3.1.2.1).
    """
    client = target.client
    for rule in rules.RULES:
        rule(parameters, client)
    claims = claims_parameter.parse(parameters.get("claims"))
    prompts = rules.prompts(parameters)
    reach = reaching.asked(parameters, client)
    scopes = rules.scopes(parameters, client, reaching.scopes(reach))
    code_request = _code_request(parameters, target, scopes, claims, reach)
    records = code_request.records
    single = tuple(dict.fromkeys(code_request.id_token_claims + code_request.userinfo_claims + records))
    max_age = rules.max_age(parameters, client)
    anew = max_age == 0 or bool(prompts & {"login", "select_account", "create"})
    aal, essential = _level(parameters, target, claims)
    ask = Ask(
        client_id=client.client_id,
        scopes=scopes,
        claims=single,
        essential_claims=(*(claim for claim in claims.essential if claim in single), *records),
        silent="none" in prompts,
        fresh_consent="consent" in prompts,
        not_session=session_name if anew else "",
        # an older sign-in will not do even where the browser shows its session only later
        authenticated_since=max(now - max_age if max_age is not None else 0, now - CLOCK_SKEW if anew else 0),
        aal=aal,
        aal_essential=essential,
        subject=_subject(parameters, target, claims, hints),
        newcomer="create" in prompts,
        login_hint=parameters.get("login_hint") or "",
        languages=tuple((parameters.get("ui_locales") or "").split()),
    )
    return Wanted(code_request, ask)


def _code_request(
    parameters: Parameters, target: Target, scopes: tuple[str, ...], claims: ClaimsRequest, reach: Reach | None
) -> CodeRequest:
    return CodeRequest(
        client_id=target.client.client_id,
        redirect_uri=target.redirect_uri,
        state=target.state,
        nonce=parameters.get("nonce"),
        scopes=scopes,
        code_challenge=parameters.get("code_challenge"),
        id_token_claims=rules.claims(claims.id_token, target.client),
        userinfo_claims=rules.claims(claims.userinfo, target.client),
        response_mode=target.response_mode,
        dpop_jkt=rules.dpop_jkt(parameters),
        reach=reach,
    )


def _level(parameters: Parameters, target: Target, claims: ClaimsRequest) -> tuple[int, bool]:
    """The lowest level that will do, and whether less must be refused (OIDC Core section 5.5.1.1).

    `acr_values` and the client's default are voluntary; only the claims parameter makes a level essential.
    """
    if claims.acr_essential and claims.acr_values:
        level = lowest(claims.acr_values)
        if level not in OFFERED:
            raise UnmetAuthenticationRequirements
        return level, True
    asked = claims.acr_values or tuple((parameters.get("acr_values") or "").split()) or target.client.default_acr_values
    return lowest(asked), False


def _subject(parameters: Parameters, target: Target, claims: ClaimsRequest, hints: HintReader) -> str | None:
    """The one subject that will do, by `id_token_hint` or a `sub` claim with a value."""
    hint = parameters.get("id_token_hint")
    hinted = hints.subject_of_hint(hint, target.client.client_id) if hint is not None else None
    if hinted and claims.subject and hinted != claims.subject:
        raise InvalidRequest("id_token_hint and claims name different subjects")
    return hinted or claims.subject
