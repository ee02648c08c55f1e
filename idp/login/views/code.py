"""/login/otp and /login/recovery: the second factor, from the phone or from the paper."""

from collections.abc import Callable

from flask import Response

from idp.login.arriving import AccountClosed, Arrived
from idp.login.dispatch import Step
from idp.login.flow import SignIn
from idp.login.recovery import WrongRecoveryCode
from idp.login.throttle import CodesSpent
from idp.login.totp import ReplayedCode, WrongCode
from idp.login.transaction import Transaction
from idp.login.views.visit import RECOVERY, Visit, Visits, step_address
from idp.pages import Page, RecoveryPage, RecoveryProblem, TotpPage, TotpProblem
from idp.storage.state import Conflict, Gone, Throttled


class CodeView:
    def __init__(self, visits: Visits, sign_in: SignIn) -> None:
        self._visits = visits
        self._sign_in = sign_in

    # -- the code from the phone --------------------------------------------------------------------------------------

    def show(self) -> Response:
        visit = self._visits.visit()
        return self._visits.elsewhere(visit, Step.TOTP) or self._visits.page(visit, _totp_page(visit))

    def do(self) -> Response:
        submitted = self._visits.submitted()
        visit, code = submitted.visit, submitted.fields.get("otp", "")
        try:
            return self._second_factor(
                visit, lambda: self._sign_in.code(visit.transaction, visit.session, code, self._visits.peer())
            )
        except ReplayedCode:
            return self._visits.page(visit, _totp_page(visit, TotpProblem.REPLAYED), 401)
        except WrongCode:
            return self._visits.page(visit, _totp_page(visit, TotpProblem.WRONG), 401)
        except Throttled as throttled:
            return self._throttled(visit, _totp_page(visit, TotpProblem.THROTTLED, throttled.retry_after), throttled)

    # -- the code from the paper --------------------------------------------------------------------------------------

    def show_recovery(self) -> Response:
        visit = self._visits.visit()
        return self._visits.elsewhere(visit, Step.TOTP) or self._visits.page(visit, _recovery_page(visit))

    def do_recovery(self) -> Response:
        submitted = self._visits.submitted()
        visit, code = submitted.visit, submitted.fields.get("recovery_code", "")
        try:
            return self._second_factor(
                visit, lambda: self._sign_in.recovery_code(visit.transaction, visit.session, code, self._visits.peer())
            )
        except WrongRecoveryCode:
            return self._visits.page(visit, _recovery_page(visit, RecoveryProblem.WRONG), 401)
        except Throttled as throttled:
            page = _recovery_page(visit, RecoveryProblem.THROTTLED, throttled.retry_after)
            return self._throttled(visit, page, throttled)

    # -- what both share ----------------------------------------------------------------------------------------------

    def _second_factor(self, visit: Visit, prove: Callable[[], Arrived | Transaction]) -> Response:
        # where a password is due (prompt=login, max_age), a code alone must not make a fresh sign-in
        elsewhere = self._visits.elsewhere(visit, Step.TOTP)
        if elsewhere is not None:
            return elsewhere
        try:
            outcome = prove()
        except CodesSpent:
            return self._visits.start_again(visit)
        except (Gone, Conflict):  # nothing is due here (any more): wherever the transaction is now
            return self._visits.proceed(self._visits.visit())
        except AccountClosed as closed:
            raise self._visits.closed(visit, closed) from None
        return self._visits.went_on(visit, outcome)

    def _throttled(self, visit: Visit, page: Page, throttled: Throttled) -> Response:
        return self._visits.page(visit, page, 429, throttled.retry_after)


def _totp_page(visit: Visit, problem: TotpProblem | None = None, retry_after: int | None = None) -> TotpPage:
    action, recovery = step_address(Step.TOTP, visit.transaction), f"{RECOVERY}?t={visit.transaction.id}"
    return TotpPage(action, visit.csrf, visit.client, problem, retry_after, recovery)


def _recovery_page(
    visit: Visit, problem: RecoveryProblem | None = None, retry_after: int | None = None
) -> RecoveryPage:
    action, totp = f"{RECOVERY}?t={visit.transaction.id}", step_address(Step.TOTP, visit.transaction)
    return RecoveryPage(action, visit.csrf, visit.client, problem, retry_after, totp)
