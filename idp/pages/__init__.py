"""Everything a citizen sees: pages as frozen dataclasses, rendered in two languages and two sizes.

    frame.py        what every page needs, and who asks
    signing_in.py   the steps of a sign-in: password, TOTP, recovery code, new password
    consenting.py   what is passed on, to whom, why and for how long
    elsewhere.py    signing in for a device or a service elsewhere: its code, and what became of it
    qr.py           an address as a picture (segno's home)
    ending.py       back to the service with a form, signing out
    account.py      what was agreed to, and taking it back
    standing.py     the issuer's own pages: home, help, errors
    wording.py      the words for scopes, claims, errors and refused passwords, marked for translation
    language.py     which language a visitor gets; the gettext catalogues (babel's home)
    statics.py      style sheet and emblem, under names that carry a digest of their content
    rendering.py    `Pages`: a page dataclass and a frame in, HTML out (jinja2's home)
    cutting.py      the same for the page that leads back to a service, of which pieces are kept

A caller decides *what* to show by choosing a dataclass; the words and the markup are in `templates/`, which installs as
`idp.templates`. No page has an inline style or script or anything from another host, and one alone has a script of one
line (`ContinuePage`), so `Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'` holds
everywhere else. Every value is escaped; nothing that came from
outside is ever marked safe.

A form posts `csrf` and the fields its page names. A page links to `GET /help` (`HelpPage`; `back=` the
address of a sign-in) and to `GET /preferences`
(`language=` or `size=large|normal`, and `back=` a local path), which sets a cookie and redirects back.
"""

from idp.pages.account import AccountPage, AgreementView
from idp.pages.consenting import ConsentItem, ConsentPage, ConsentProblem, LawfulBasis
from idp.pages.elsewhere import (
    ApprovePage,
    DevicePage,
    DeviceProblem,
    OtherDeviceView,
    Outcome,
    OutcomePage,
    WaitingView,
)
from idp.pages.ending import ContinuePage, LeavingPage, PartyResult, SignedOutPage, SignOutPage
from idp.pages.frame import ClientView, Frame, Page, in_sign_in
from idp.pages.language import LANGUAGES, choose_language
from idp.pages.rendering import Pages
from idp.pages.signing_in import (
    NewPasswordPage,
    RecoveryPage,
    RecoveryProblem,
    SignInPage,
    SignInProblem,
    TotpPage,
    TotpProblem,
)
from idp.pages.standing import ErrorKind, ErrorPage, HelpPage, HomePage

__all__ = [
    "LANGUAGES",
    "AccountPage",
    "AgreementView",
    "ApprovePage",
    "ClientView",
    "ConsentItem",
    "ConsentPage",
    "ConsentProblem",
    "ContinuePage",
    "DevicePage",
    "DeviceProblem",
    "ErrorKind",
    "ErrorPage",
    "Frame",
    "HelpPage",
    "HomePage",
    "LawfulBasis",
    "LeavingPage",
    "NewPasswordPage",
    "OtherDeviceView",
    "Outcome",
    "OutcomePage",
    "Page",
    "Pages",
    "PartyResult",
    "RecoveryPage",
    "RecoveryProblem",
    "SignInPage",
    "SignInProblem",
    "SignOutPage",
    "SignedOutPage",
    "TotpPage",
    "TotpProblem",
    "WaitingView",
    "choose_language",
    "in_sign_in",
]
