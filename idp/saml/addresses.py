"""Where our endpoints are, below the issuer's address: for those who answer there, and for our metadata."""

from typing import Final

METADATA: Final = "/saml/metadata"
"""Its address is our entity id."""
SSO: Final = "/saml/sso"
"""By redirect and by POST."""
RESUME: Final = "/saml/sso/resume"
"""Where a browser that brought a request by POST goes on, now with its cookies."""
START: Final = "/saml/start"
"""Where a sign-in that no service provider asked for begins."""
ARTIFACT: Final = "/saml/artifact"
"""Artifact resolution, by SOAP."""
SLO: Final = "/saml/slo"
"""Single logout by redirect and by POST."""
SLO_SOAP: Final = "/saml/slo/soap"
SLO_RESUME: Final = "/saml/slo/resume"
"""Where a browser that brought a request by POST goes on, now with its cookies."""
SLO_ONWARD: Final = "/saml/slo/onward"
"""From one service provider to the next."""
SLO_ANSWER: Final = "/saml/slo/answer"
"""Back to the service provider that began."""


def entity_id(issuer: str) -> str:
    """Our name among service providers: the address of our metadata."""
    return issuer + METADATA
