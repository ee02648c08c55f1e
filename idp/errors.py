"""Errors that reach an outsider: one class per registered code, with its status and a fixed public description.

`detail` is for the log alone. It may say what was wrong but never quotes a secret or personal data, and nothing that
came in a request is ever shown to the requester again: what a stranger sees is the class's own description. Of client
metadata a developer is told the detail, too.
"""

import re
from typing import ClassVar, Final

_SAYABLE: Final = re.compile(r"[ !#-\[\]-~]{1,200}", re.ASCII)
"""What a description may be made of (RFC 6749 section 5.2)."""


class OAuthError(Exception):
    """An error of RFC 6749 or a specification on top of it."""

    code: ClassVar[str]
    status: ClassVar[int] = 400
    description: ClassVar[str]

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.description)
        self.detail = detail

    @property
    def document(self) -> dict[str, str]:
        """The body of an error response (RFC 6749 section 5.2)."""
        return {"error": self.code, "error_description": self.description}

    @property
    def challenge(self) -> str:
        """What WWW-Authenticate says beside the realm (RFC 6750 section 3)."""
        return f', error="{self.code}"'


# RFC 6749 section 5.2 and 4.1.2.1


class InvalidRequest(OAuthError):
    code = "invalid_request"
    description = "The request is missing a parameter, repeats one, or has one that is malformed."


class InvalidClient(OAuthError):
    code = "invalid_client"
    status = 401
    description = "Client authentication failed."


class InvalidGrant(OAuthError):
    code = "invalid_grant"
    description = "The code or refresh token is not valid, or was not issued to this client for this use."


class UnauthorizedClient(OAuthError):
    code = "unauthorized_client"
    description = "This client may not use this grant or response type."


class UnsupportedGrantType(OAuthError):
    code = "unsupported_grant_type"
    description = "This grant type is not offered."


class UnsupportedResponseType(OAuthError):
    code = "unsupported_response_type"
    description = "This response type is not offered."


class InvalidScope(OAuthError):
    code = "invalid_scope"
    description = "The scope is unknown, malformed, or more than this client may ask."


class AccessDenied(OAuthError):
    code = "access_denied"
    status = 403
    description = "The citizen or the provider refused."


class ServerError(OAuthError):
    code = "server_error"
    status = 500
    description = "The provider met a condition it did not expect."


class TemporarilyUnavailable(OAuthError):
    code = "temporarily_unavailable"
    status = 503
    description = "The provider cannot answer just now; please try again shortly."


# RFC 8628 section 3.5, CIBA Core section 11


class AuthorizationPending(OAuthError):
    code = "authorization_pending"
    description = "The citizen has not answered yet."


class SlowDown(OAuthError):
    code = "slow_down"
    description = "The citizen has not answered yet; please wait five seconds longer between requests from now on."


class ExpiredToken(OAuthError):
    code = "expired_token"
    description = "The citizen did not answer in time; please begin anew."


class UnknownUserId(OAuthError):
    """CIBA Core section 13. Only for what can be nobody's: whether somebody is there is never told."""

    code = "unknown_user_id"
    description = "The hint is no number and no phone."


class MissingUserCode(OAuthError):
    """CIBA Core section 13."""

    code = "missing_user_code"
    description = "This client has to send the citizen's user code."


class InvalidUserCode(OAuthError):
    """CIBA Core section 13. Also where there is no such citizen, or he has no code."""

    code = "invalid_user_code"
    description = "This is not the user code of this citizen."


class InvalidBindingMessage(OAuthError):
    """CIBA Core section 13."""

    code = "invalid_binding_message"
    description = "The binding message is too long, or has signs that cannot be compared."


class RefusedByCitizen(AccessDenied):
    """`access_denied` as the token endpoint says it (RFC 6749 section 5.2)."""

    status = 400


# OpenID Connect Core section 3.1.2.6


class LoginRequired(OAuthError):
    code = "login_required"
    description = "The citizen must sign in."


class InteractionRequired(OAuthError):
    code = "interaction_required"
    description = "The citizen must be asked something."


class ConsentRequired(OAuthError):
    code = "consent_required"
    description = "The citizen must consent."


class InvalidRequestObject(OAuthError):
    code = "invalid_request_object"
    description = "The request object is not signed by this client for this use, or has a parameter that is malformed."


class RequestUriNotSupported(OAuthError):
    code = "request_uri_not_supported"
    description = "The request_uri parameter is not offered."


class RegistrationNotSupported(OAuthError):
    code = "registration_not_supported"
    description = "The registration parameter is not offered."


# OpenID Connect Core Unmet Authentication Requirements 1.0


class UnmetAuthenticationRequirements(OAuthError):
    code = "unmet_authentication_requirements"
    description = "The level of authentication that was asked cannot be reached."


# RFC 6750 section 3.1


class InvalidToken(OAuthError):
    code = "invalid_token"
    status = 401
    description = "The access token is missing, expired, revoked or malformed."


class TokenMissing(InvalidToken):
    """A request without any token is told nothing but the scheme: it may not know that one is needed."""

    @property
    def document(self) -> dict[str, str]:
        return {}

    @property
    def challenge(self) -> str:
        return ""


class InsufficientScope(OAuthError):
    code = "insufficient_scope"
    status = 403
    description = "The access token does not reach this resource."

    def __init__(self, scope: str, detail: str = "") -> None:
        super().__init__(detail)
        self.scope = scope

    @property
    def challenge(self) -> str:
        return f'{super().challenge}, scope="{self.scope}"'


# RFC 8707 section 2


class InvalidTarget(OAuthError):
    code = "invalid_target"
    description = "The resource is unknown or malformed, was not granted, or has to be named."


# RFC 9449 sections 5, 7.1 and 8


class InvalidDpopProof(OAuthError):
    code = "invalid_dpop_proof"
    description = "The DPoP proof is missing, or not one for this call."


class UseDpopNonce(OAuthError):
    code = "use_dpop_nonce"
    description = "The DPoP proof must carry the nonce of the DPoP-Nonce header."


class ResourceProofInvalid(InvalidDpopProof):
    """At a resource the same is a challenge."""

    status = 401


class ResourceNonceMissing(UseDpopNonce):
    status = 401


# RFC 9396 section 5


class InvalidAuthorizationDetails(OAuthError):
    code = "invalid_authorization_details"
    description = "The authorization details are malformed, unknown, or more than this client may ask or was granted."


# RFC 7591 section 3.2.2


class InvalidRedirectUri(OAuthError):
    code = "invalid_redirect_uri"
    description = "A redirect URI is not acceptable."


class InvalidClientMetadata(OAuthError):
    """`detail` is told to the developer who registers: it is in words of ours, and quotes names of members and of
    scopes alone."""

    code = "invalid_client_metadata"
    description = "The client metadata is not acceptable."

    @property
    def document(self) -> dict[str, str]:
        told = f"{self.description[:-1]}: {self.detail}." if _SAYABLE.fullmatch(self.detail) else self.description
        return {"error": self.code, "error_description": told}


class InvalidSectorIdentifier(InvalidClientMetadata):
    """OIDC Registration section 5; the same words whatever was wrong, so that nobody explores networks through us."""

    description = "sector_identifier_uri cannot be fetched, is no JSON array, or lacks an address of the client."
    document = OAuthError.document


class InvalidSoftwareStatement(OAuthError):
    code = "invalid_software_statement"
    description = "The software statement is not a JWT that its issuer signed, or is not valid now."


class UnapprovedSoftwareStatement(OAuthError):
    code = "unapproved_software_statement"
    description = "The software statement is of an issuer that is not approved here, or for another provider."


class TooManyRequests(OAuthError):
    """RFC 6585 section 4 gives status and Retry-After; the code is that of RFC 6749 section 4.1.2.1, used elsewhere."""

    code = "temporarily_unavailable"
    status = 429
    description = "Too many requests; please wait."

    def __init__(self, retry_after: int, detail: str = "") -> None:
        super().__init__(detail)
        self.retry_after = retry_after
