"""`grant_type=urn:openid:params:grant-type:ciba` (CIBA Core section 10.1)."""

from typing import Any, Final

from idp.oidc.clients.client import CIBA
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.decoupled.polling import Polling
from idp.parameters import Parameters


class CibaGrant:
    """An `auth_req_id` for the tokens that the citizen allowed."""

    grant_type: Final = CIBA

    def __init__(self, polling: Polling) -> None:
        self._polling = polling

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response. Raises what `Polling.collect` raises, or `InvalidRequest`."""
        return self._polling.collect(authenticated, parameters.require("auth_req_id"), parameters)
