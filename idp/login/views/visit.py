"""What the steps share over HTTP: finding the visit behind a request, and going on from it.

Every address of a step carries the transaction's id (`t`); every POST carries the anti-forgery token and comes from a
page of ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from flask import Response, request

from idp.csrf import check_csrf, csrf_token
from idp.http import PageError, Web, form, query
from idp.login.arriving import AccountClosed, Arrived
from idp.login.attempts import Peer
from idp.login.dispatch import Step
from idp.login.door import FrontDoor, PartyGone, Redirect, Refusal, SignInRefused
from idp.login.party import RelyingParty, in_language
from idp.login.settling import Settling
from idp.login.transaction import Finished, Transaction, Transactions, WrongBrowser
from idp.login.views.answering import answered
from idp.pages import ClientView, ErrorKind, Frame, Page
from idp.parameters import parse
from idp.sessions import Session, Sessions
from idp.storage.state import Conflict, Gone

ADDRESSES: Final[Mapping[Step, str]] = {
    Step.PASSWORD: "/login",
    Step.TOTP: "/login/otp",
    Step.NEW_PASSWORD: "/login/new-password",
    Step.CONSENT: "/consent",
}
RECOVERY: Final = "/login/recovery"
"""Stands in for the one-time code; the citizen chooses it there."""
KNOWN_SECONDS: Final = 180 * 86_400


def step_address(step: Step, transaction: Transaction) -> str:
    return f"{ADDRESSES[step]}?t={transaction.id}"


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to a step: its transaction, who is signed in in this browser, and who asks."""

    transaction: Transaction
    session: Session | None
    door: FrontDoor
    party: RelyingParty
    browser: str
    frame: Frame

    @property
    def csrf(self) -> str:
        return csrf_token(self.browser, self.transaction.id)

    @property
    def consent_form(self) -> str:
        """The name of the consent page: one that shows a citizen's data is no form of the next who signs in here."""
        citizen_id = self.session.head.citizen_id if self.session else ""
        return f"{self.transaction.id} {citizen_id}"

    @property
    def client(self) -> ClientView:
        language = self.frame.language
        uri = in_language(self.party.uri, language) or None
        return ClientView(in_language(self.party.name, language), self.party.host, uri, ours=not self.party.id)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form that came from a page of ours, in the browser that the visit belongs to."""

    visit: Visit
    fields: Mapping[str, str]


class Visits:
    def __init__(
        self,
        web: Web,
        settling: Settling,
        transactions: Transactions,
        sessions: Sessions,
        doors: Mapping[str, FrontDoor],
    ) -> None:
        self._web = web
        self._settling = settling
        self._transactions = transactions
        self._sessions = sessions
        self._doors = doors

    # -- the request --------------------------------------------------------------------------------------------------

    def visit(self) -> Visit:
        """Raises `PageError`: no transaction is named, it is gone, another browser's, or its relying party is."""
        browser = self._web.cookie(request, self._web.cookies.browser)
        named = parse(query(request)).get("t")
        if named is None:
            raise PageError(ErrorKind.NOT_BEGUN)
        try:
            transaction = self._transactions.load(named, browser)
            door = self._doors[transaction.door]
            party = door.party(transaction.ask.client_id)
        except Gone:
            raise PageError(ErrorKind.EXPIRED) from None
        except Finished as finished:
            raise self._finished(finished.transaction) from None
        except WrongBrowser:
            raise PageError(ErrorKind.OTHER_BROWSER, 403) from None
        except PartyGone:
            raise self.party_gone() from None
        frame = self._web.frame(request, transaction.ask.languages, transaction.created_at)
        return Visit(transaction, self._session(), door, party, browser, frame)

    def _finished(self, transaction: Transaction) -> PageError:
        """The way on: whoever asked is still there, and knows the citizen or need only ask again."""
        frame = self._web.frame(request, transaction.ask.languages, transaction.created_at)
        try:
            party = self._doors[transaction.door].party(transaction.ask.client_id)
        except PartyGone:
            return PageError(ErrorKind.FINISHED, languages=(frame.language,))
        name, uri = in_language(party.name, frame.language), in_language(party.uri, frame.language) or None
        return PageError(ErrorKind.FINISHED, client_name=name, client_uri=uri, languages=(frame.language,))

    def submitted(self, name: Callable[[Visit], str] = lambda visit: visit.transaction.id) -> Submitted:
        """`name` gives the form's name, under which its token was made. Raises `Forged` and what `visit` raises."""
        self._web.same_origin(request)
        visit = self.visit()
        fields = parse(form(request)).values
        check_csrf(visit.browser, name(visit), fields.get("csrf", ""))
        return Submitted(visit, fields)

    def peer(self) -> Peer:
        return Peer(self._web.source(request), self._web.cookie(request, self._web.cookies.known))

    def _session(self) -> Session | None:
        handle = self._web.cookie(request, self._web.cookies.session)
        return self._sessions.load(handle) if handle else None

    # -- the answer ---------------------------------------------------------------------------------------------------

    def page(self, visit: Visit, page: Page, status: int = 200, retry_after: int | None = None) -> Response:
        response = self._web.page(page, visit.frame, status, visit.door.origin(visit.transaction))
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response

    def elsewhere(self, visit: Visit, here: Step) -> Response | None:
        """Where the browser should be, if not at this step."""
        answer = self._settle(visit)
        return None if answer is here else self._go(visit, answer)

    def proceed(self, visit: Visit) -> Response:
        return self._go(visit, self._settle(visit))

    def went_on(self, visit: Visit, outcome: Arrived | Transaction) -> Response:
        """A proof was accepted: on to the next step of the transaction, or, signed in, to whatever is left."""
        if isinstance(outcome, Transaction):
            return self.proceed(replace(visit, transaction=outcome))
        try:
            transaction = self._transactions.arrived(visit.transaction)
        except (Conflict, Gone):  # another press of this tab was quicker; this one is as good, see `answer`
            transaction = replace(visit.transaction, proven=None)
        response = self.proceed(replace(visit, transaction=transaction, session=outcome.session))
        self._web.cookies.set(response, self._web.cookies.session, outcome.handle)
        self._web.cookies.set(response, self._web.cookies.known, outcome.marker, KNOWN_SECONDS)
        return response

    def agreed(self, visit: Visit, session: Session) -> Response:
        """The citizen agreed on this page: on to whatever is left."""
        return self.proceed(
            replace(visit, transaction=self._transactions.agreed(visit.transaction, session.head.citizen_id))
        )

    def answer(self, visit: Visit, redirect: Redirect) -> Response:
        """The front door has answered: the transaction is over.

        Where another press of this tab was quicker, this answer is given all the same: a browser keeps only the last
        press of a double click, and drops what the first one was answered, cookies and all. Each answer has a code of
        its own, under the session whose cookie goes with it.
        """
        self._transactions.finish(visit.transaction)
        return answered(self._web, redirect, lambda: visit.frame)

    def refuse(self, visit: Visit, refusal: Refusal) -> Response:
        """Answer that there is no sign-in. Raises `PageError` if there is nobody left to answer."""
        return self.answer(visit, self._refusal(visit, refusal))

    def start_again(self, visit: Visit) -> Response:
        """End the transaction with a page that says so. Raises `PageError`."""
        self._transactions.finish(visit.transaction)
        raise PageError(
            ErrorKind.SIGN_IN_REFUSED,
            403,
            client_name=visit.client.name,
            client_uri=visit.client.uri,
            languages=(visit.frame.language,),
        )

    def party_gone(self) -> PageError:
        """There is nobody to answer any more; for the views to raise."""
        return PageError(ErrorKind.UNKNOWN_CLIENT)

    def closed(self, visit: Visit, closed: AccountClosed) -> PageError:
        """The account may not be used; for the views to raise."""
        return PageError(
            ErrorKind.ACCOUNT_CLOSED,
            403,
            languages=(visit.frame.language,),
            client_id=visit.transaction.ask.client_id or None,
            citizen_id=closed.citizen_id,
        )

    def _settle(self, visit: Visit) -> Redirect | Step:
        try:
            return self._settling.settle(visit.transaction, visit.session, visit.door)
        except SignInRefused as refused:
            return self._refusal(visit, refused.refusal)
        except PartyGone:
            raise self.party_gone() from None

    def _refusal(self, visit: Visit, refusal: Refusal) -> Redirect:
        try:
            return visit.door.refuse(visit.transaction, refusal)
        except PartyGone:
            raise self.party_gone() from None

    def _go(self, visit: Visit, answer: Redirect | Step) -> Response:
        if isinstance(answer, Redirect):
            return self.answer(visit, answer)
        return self._web.redirect(step_address(answer, visit.transaction))
