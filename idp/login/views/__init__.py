"""The pages of a sign-in at their addresses: GET shows a step, POST does it, and `dispatch` says where to go next.

visit.py         what all share: the visit behind a request, and going on from it
password.py      /login
code.py          /login/otp, /login/recovery
new_password.py  /login/new-password
consent.py       /consent
answering.py     the way back to whoever asked
"""

from flask import Blueprint

from idp.login.dispatch import Step
from idp.login.views.code import CodeView
from idp.login.views.consent import ConsentView
from idp.login.views.new_password import NewPasswordView
from idp.login.views.password import PasswordView
from idp.login.views.visit import ADDRESSES, RECOVERY, Visits, step_address

__all__ = [
    "CodeView",
    "ConsentView",
    "NewPasswordView",
    "PasswordView",
    "Visits",
    "blueprint",
    "step_address",
]


def blueprint(password: PasswordView, code: CodeView, new_password: NewPasswordView, consent: ConsentView) -> Blueprint:
    routes = Blueprint("login", __name__)
    for path, show, do in (
        (ADDRESSES[Step.PASSWORD], password.show, password.do),
        (ADDRESSES[Step.TOTP], code.show, code.do),
        (RECOVERY, code.show_recovery, code.do_recovery),
        (ADDRESSES[Step.NEW_PASSWORD], new_password.show, new_password.do),
        (ADDRESSES[Step.CONSENT], consent.show, consent.do),
    ):
        routes.add_url_rule(path, f"show {path}", show, methods=["GET"])
        routes.add_url_rule(path, f"do {path}", do, methods=["POST"])
    return routes
