"""The contexts that values at rest are sealed for: one function for each kind, so that re-keying finds them all again.

A context names the row, so that a sealed value which somebody copies into another citizen's row does not open there.
"""


def profile_context(citizen_id: str) -> str:
    return f"profile:{citizen_id}"


def identifier_context(citizen_id: str, kind: str) -> str:
    """A number or phone in the history of identifiers."""
    return f"identifier:{kind}:{citizen_id}"


def totp_context(citizen_id: str) -> str:
    return f"totp:{citizen_id}"


def signing_key_context(kid: str) -> str:
    return f"signing-key:{kid}"


def secret_context(name: str) -> str:
    """A document of `Records.secrets`, such as the secret that pairwise subjects are computed with."""
    return f"secret:{name}"
