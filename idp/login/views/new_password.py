"""/login/new-password: the password has reached its age, or was given by somebody else."""

from collections.abc import Sequence

from flask import Response

from idp.http import PageError
from idp.login.arriving import AccountClosed
from idp.login.dispatch import Step
from idp.login.flow import SignIn
from idp.login.password import Busy, ReusedPassword
from idp.login.password_policy import WeakPassword
from idp.login.renewal import Mismatch
from idp.login.views.visit import Visit, Visits, step_address
from idp.pages import ErrorKind, NewPasswordPage
from idp.storage.state import Conflict, Gone


class NewPasswordView:
    def __init__(self, visits: Visits, sign_in: SignIn, minimum_length: int) -> None:
        self._visits = visits
        self._sign_in = sign_in
        self._minimum_length = minimum_length

    def show(self) -> Response:
        visit = self._visits.visit()
        if elsewhere := self._visits.elsewhere(visit, Step.NEW_PASSWORD):
            return elsewhere
        try:
            self._sign_in.new_password_due(visit.transaction)
        except (Gone, Conflict):
            return self._visits.proceed(self._visits.visit())
        except AccountClosed as closed:
            raise self._visits.closed(visit, closed) from None
        return self._page(visit)

    def do(self) -> Response:
        submitted = self._visits.submitted()
        visit, fields = submitted.visit, submitted.fields
        new, again = fields.get("new_password", ""), fields.get("new_password_again", "")
        try:
            arrived = self._sign_in.new_password(visit.transaction, visit.session, new, again, self._visits.peer())
        except WeakPassword as weak:
            return self._page(visit, [reason.value for reason in weak.reasons], 422)
        except Mismatch:
            return self._page(visit, ["mismatch"], 422)
        except ReusedPassword:
            return self._page(visit, ["reused"], 422)
        except Busy as busy:
            raise PageError(ErrorKind.UNAVAILABLE, 503, retry_after=busy.retry_after) from None
        except (Gone, Conflict):
            return self._visits.proceed(self._visits.visit())
        except AccountClosed as closed:
            raise self._visits.closed(visit, closed) from None
        return self._visits.went_on(visit, arrived)

    def _page(self, visit: Visit, problems: Sequence[str] = (), status: int = 200) -> Response:
        action, proven = step_address(Step.NEW_PASSWORD, visit.transaction), visit.transaction.proven
        temporary = proven is not None and proven.temporary
        page = NewPasswordPage(action, visit.csrf, problems, self._minimum_length, temporary)
        return self._visits.page(visit, page, status)
