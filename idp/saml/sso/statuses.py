"""What a service provider is told where there is no sign-in to answer with (saml-core-2.0-os section 3.2.2.2)."""

from collections.abc import Mapping
from typing import Final

from federation.saml import names
from federation.saml.response import Status
from idp.login.door import Refusal


class StatusRefusal(Exception):
    """The request is one that we do not fulfil, and its sender is told why."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = Status(code, detail)


REFUSALS: Final[Mapping[Refusal, Status]] = {
    Refusal.LOGIN_REQUIRED: Status(names.RESPONDER, names.NO_PASSIVE),
    Refusal.INTERACTION_REQUIRED: Status(names.RESPONDER, names.NO_PASSIVE),
    Refusal.CONSENT_REQUIRED: Status(names.RESPONDER, names.NO_PASSIVE),
    Refusal.LEVEL_UNREACHABLE: Status(names.RESPONDER, names.NO_AUTHN_CONTEXT),
    Refusal.DECLINED: Status(names.RESPONDER, names.REQUEST_DENIED),
    Refusal.STRANGER: Status(names.RESPONDER, names.INVALID_NAME_ID_POLICY),
}
