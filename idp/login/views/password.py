"""/login: number or phone, and password."""

from typing import Final

from flask import Response

from idp.citizens.identifiers import InvalidIdentifier, parse_identifier
from idp.clock import Clock
from idp.login.arriving import AccountClosed
from idp.login.dispatch import Step
from idp.login.flow import SignIn
from idp.login.hint import LoginHints
from idp.login.password import Busy, WrongPassword
from idp.login.views.visit import Visit, Visits, step_address
from idp.pages import SignInPage, SignInProblem
from idp.storage.state import Conflict, Gone, Throttled

SHOWN: Final = 64
"""Characters of a mistyped name that the page gives back."""


class PasswordView:
    def __init__(self, visits: Visits, sign_in: SignIn, hints: LoginHints, clock: Clock) -> None:
        self._visits = visits
        self._sign_in = sign_in
        self._hints = hints
        self._clock = clock

    def show(self) -> Response:
        visit = self._visits.visit()
        return self._visits.elsewhere(visit, Step.PASSWORD) or self._page(
            visit, self._hints.open(visit.transaction.ask.login_hint)
        )

    def do(self) -> Response:
        submitted = self._visits.submitted()
        visit, fields = submitted.visit, submitted.fields
        typed, password = fields.get("username", ""), fields.get("password", "")
        try:
            identifier = parse_identifier(typed, self._clock)  # arithmetic that anybody can do: it tells no secret
            outcome = self._sign_in.password(
                visit.transaction, visit.session, identifier, password, self._visits.peer()
            )
        except InvalidIdentifier:
            return self._page(visit, typed, SignInProblem.MALFORMED, 400)
        except WrongPassword:
            return self._page(visit, typed, SignInProblem.WRONG, 401)
        except Throttled as throttled:
            return self._page(visit, typed, SignInProblem.THROTTLED, 429, throttled.retry_after)
        except Busy as busy:
            return self._page(visit, typed, SignInProblem.BUSY, 503, busy.retry_after)
        except (Conflict, Gone):  # the same form twice, and the other one decided; or its time is over by now
            return self._visits.proceed(self._visits.visit())
        except AccountClosed as closed:
            raise self._visits.closed(visit, closed) from None
        return self._visits.went_on(visit, outcome)

    def _page(
        self,
        visit: Visit,
        typed: str,
        problem: SignInProblem | None = None,
        status: int = 200,
        retry_after: int | None = None,
    ) -> Response:
        action = step_address(Step.PASSWORD, visit.transaction)
        ask = visit.transaction.ask
        page = SignInPage(
            action, visit.csrf, visit.client, typed[:SHOWN], problem, retry_after, newcomer=ask.newcomer, own=ask.own
        )
        return self._visits.page(visit, page, status, retry_after)
