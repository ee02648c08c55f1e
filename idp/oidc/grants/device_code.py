"""`grant_type=urn:ietf:params:oauth:grant-type:device_code` (RFC 8628 section 3.4)."""

from typing import Any, Final

from idp.oidc.clients.client import DEVICE_CODE
from idp.oidc.clients.client_auth import AuthenticatedClient
from idp.oidc.decoupled.polling import Polling
from idp.parameters import Parameters


class DeviceCodeGrant:
    """A device code for the tokens that the citizen allowed."""

    grant_type: Final = DEVICE_CODE

    def __init__(self, polling: Polling) -> None:
        self._polling = polling

    def redeem(self, authenticated: AuthenticatedClient, parameters: Parameters) -> dict[str, Any]:
        """The token response. Raises what `Polling.collect` raises, or `InvalidRequest`."""
        return self._polling.collect(authenticated, parameters.require("device_code"), parameters)
