"""/login/new-password: the password has reached its age, or was given by somebody else."""

from collections.abc import Sequence

from flask import Response

from idp.http import PageError
from idp.login.arriving import AccountClosed
from idp.login.dispatch import Step
from idp.login.flow import SignIn
from idp.login.password import Busy, ReusedPassword
from idp.login.password_policy import WeakPassword
from idp.login.renewal import Mismatch, NothingEntered
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
        return self._visits.elsewhere(visit, Step.NEW_PASSWORD) or self._answer(visit, "", "", ())

    def do(self) -> Response:
        submitted = self._visits.submitted()
        visit, fields = submitted.visit, submitted.fields
        return self._answer(visit, fields.get("new_password", ""), fields.get("new_password_again", ""), ("too_short",))

    def _answer(self, visit: Visit, new: str, again: str, problems: Sequence[str]) -> Response:
        """To what was entered; where it was nothing, the page that asks for it, with these problems."""
        try:
            arrived = self._sign_in.new_password(visit.transaction, visit.session, new, again, self._visits.peer())
        except NothingEntered as due:
            return self._page(visit, due.temporary, problems)
        except WeakPassword as weak:
            return self._answer(visit, "", "", [reason.value for reason in weak.reasons])
        except Mismatch:
            return self._answer(visit, "", "", ("mismatch",))
        except ReusedPassword:
            return self._answer(visit, "", "", ("reused",))
        except Busy as busy:
            raise PageError(ErrorKind.UNAVAILABLE, 503, retry_after=busy.retry_after) from None
        except (Gone, Conflict):
            return self._visits.proceed(self._visits.visit())
        except AccountClosed as closed:
            raise self._visits.closed(visit, closed) from None
        return self._visits.went_on(visit, arrived)

    def _page(self, visit: Visit, temporary: bool, problems: Sequence[str]) -> Response:
        action = step_address(Step.NEW_PASSWORD, visit.transaction)
        page = NewPasswordPage(action, visit.csrf, problems, self._minimum_length, temporary)
        return self._visits.page(visit, page, 422 if problems else 200)
