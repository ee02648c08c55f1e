"""Every kind of security event there is: what it is about, a colon, and what happened to it."""

import enum


class EventType(enum.Enum):
    """The value is what stands in the trail, and never changes its meaning."""

    # somebody proves, or fails to prove, who they are
    LOGIN_SUCCESS = "login:success"
    LOGIN_FAILURE = "login:failure"
    LOGIN_THROTTLED = "login:throttled"
    LOGIN_TOTP_FAILURE = "login:totp_failure"
    LOGIN_RECOVERY_USED = "login:recovery_used"
    LOGIN_RECOVERY_FAILURE = "login:recovery_failure"
    LOGIN_REFUSED = "login:refused"
    PASSWORD_CHANGED = "password:changed"
    TOTP_ENROLLED = "totp:enrolled"
    TOTP_REMOVED = "totp:removed"
    RECOVERY_RENEWED = "recovery:renewed"

    # the sign-in that many portals share
    SESSION_OPENED = "session:opened"
    SESSION_ENDED = "session:ended"
    SSO_GRANTED = "sso:granted"

    DEVICE_ALLOWED = "device:allowed"
    """A citizen let a device sign in for him, which has yet to collect its tokens."""

    CIBA_ASKED = "ciba:asked"
    """A service asked for a citizen; for whom is not told, for there may be nobody of that number."""
    CIBA_ALLOWED = "ciba:allowed"
    CIBA_BLOCKED = "ciba:blocked"
    """A citizen refused a service, and for an hour whatever else it asks."""
    CIBA_CODE_CHANGED = "ciba:code_changed"

    # requests, codes and tokens
    CODE_REPLAYED = "code:replayed"
    TOKEN_ISSUED = "token:issued"
    TOKEN_REFRESHED = "token:refreshed"
    TOKEN_EXCHANGED = "token:exchanged"
    TOKEN_REUSED = "token:reused"
    TOKEN_REVOKED = "token:revoked"
    TOKEN_REFUSED = "token:refused"
    USERINFO_RELEASED = "userinfo:released"
    """`scopes` and `claims` are what was granted, to be given here or in the ID token. Where a refusal follows, nothing
    was released after all."""
    USERINFO_REFUSED = "userinfo:refused"

    # what a citizen agreed to
    CONSENT_GRANTED = "consent:granted"
    CONSENT_DENIED = "consent:denied"
    CONSENT_WITHDRAWN = "consent:withdrawn"

    # leaving
    LOGOUT_DUE = "logout:due"
    """A session ended in which the client had been given something: it has to be told."""
    LOGOUT_DELIVERED = "logout:delivered"
    LOGOUT_FAILED = "logout:failed"
    LOGOUT_GIVEN_UP = "logout:given_up"

    # clients
    CLIENT_ADDED = "client:added"
    CLIENT_CHANGED = "client:changed"
    CLIENT_DISABLED = "client:disabled"
    CLIENT_ENABLED = "client:enabled"
    CLIENT_SECRET_RENEWED = "client:secret_renewed"
    CLIENT_REMOVED = "client:removed"
    REGISTRATION_TOKEN_ISSUED = "registration:token_issued"
    CLIENT_AUTHENTICATION_FAILED = "client:authentication_failed"

    # SAML service providers
    SERVICE_PROVIDER_SAVED = "service_provider:saved"
    """An operator brought its metadata, or set something of it."""
    SERVICE_PROVIDER_DISABLED = "service_provider:disabled"
    SERVICE_PROVIDER_ENABLED = "service_provider:enabled"
    SERVICE_PROVIDER_REMOVED = "service_provider:removed"
    METADATA_SOURCE_SAVED = "metadata_source:saved"
    METADATA_SOURCE_REFRESHED = "metadata_source:refreshed"
    """By an operator; what the housekeeper does stands in the log."""
    METADATA_SOURCE_REMOVED = "metadata_source:removed"

    # resource servers
    RESOURCE_SAVED = "resource:saved"
    RESOURCE_REMOVED = "resource:removed"

    # keys
    KEY_ROTATED = "key:rotated"
    KEY_REKEYED = "key:rekeyed"

    # citizens as records
    CITIZEN_ADDED = "citizen:added"
    CITIZEN_IMPORTED = "citizen:imported"
    CITIZEN_CHANGED = "citizen:changed"
    CITIZEN_SUSPENDED = "citizen:suspended"
    CITIZEN_CLOSED = "citizen:closed"
    CITIZEN_RESUMED = "citizen:resumed"
    CITIZEN_VIEWED = "citizen:viewed"

    ERROR_REFUSED = "error:refused"
    ERROR_UNEXPECTED = "error:unexpected"
