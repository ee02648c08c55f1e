"""/consent: what is passed on, to whom, why and for how long; and the citizen's answer."""

from datetime import datetime

from flask import Response, request

from idp.citizens.citizen import Profile
from idp.citizens.number import CHINA_STANDARD_TIME
from idp.citizens.registry import Citizens
from idp.csrf import csrf_token
from idp.login.consent import MissingRequired
from idp.login.consent_page import Setting, consent_page
from idp.login.consenting import Consenting
from idp.login.dispatch import Step
from idp.login.door import PartyGone, Refusal
from idp.login.views.visit import Visit, Visits, step_address
from idp.pages import ConsentProblem, OtherDeviceView
from idp.sources import source_of


class ConsentView:
    def __init__(self, visits: Visits, consenting: Consenting, citizens: Citizens) -> None:
        self._visits = visits
        self._consenting = consenting
        self._citizens = citizens

    def show(self) -> Response:
        visit = self._visits.visit()
        return self._visits.elsewhere(visit, Step.CONSENT) or self._page(visit)

    def do(self) -> Response:
        submitted = self._visits.submitted(lambda visit: visit.consent_form)
        visit = submitted.visit
        elsewhere = self._visits.elsewhere(visit, Step.CONSENT)
        if elsewhere is not None or visit.session is None:
            return elsewhere or self._visits.proceed(visit)
        if submitted.fields.get("decision") != "allow":
            self._consenting.decline(visit.transaction, visit.session)
            return self._visits.refuse(visit, Refusal.DECLINED)
        ticked = frozenset(request.form.getlist("item"))
        try:
            self._consenting.agree(visit.transaction, visit.session, visit.door, ticked)
        except MissingRequired:
            return self._page(visit, ConsentProblem.MISSING_REQUIRED, 422, ticked)
        except PartyGone:
            raise self._visits.party_gone() from None
        return self._visits.agreed(visit, visit.session)

    def _page(
        self,
        visit: Visit,
        problem: ConsentProblem | None = None,
        status: int = 200,
        ticked: frozenset[str] = frozenset(),
    ) -> Response:
        if visit.session is None:
            return self._visits.proceed(visit)
        citizen = self._citizens.by_id(visit.session.head.citizen_id)
        setting = Setting(
            step_address(Step.CONSENT, visit.transaction),
            csrf_token(visit.browser, visit.consent_form),
            visit.client,
            visit.frame.language,
            problem,
            ticked,
            self._other_device(visit),
        )
        profile = citizen.profile if citizen else Profile(name="")
        return self._visits.page(visit, consent_page(visit.transaction.ask, visit.party, profile, setting), status)

    def _other_device(self, visit: Visit) -> OtherDeviceView | None:
        told = visit.door.other_device(visit.transaction)
        if told is None:
            return None
        asked = datetime.fromtimestamp(told.asked_at, CHINA_STANDARD_TIME).strftime("%H:%M") if told.asked_at else ""
        near = source_of(told.source) == source_of(self._visits.peer().source)
        return OtherDeviceView(told.code, told.message, asked, told.source, near)
