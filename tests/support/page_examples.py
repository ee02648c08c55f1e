"""Every page in every state a citizen can meet it in, for the tests that look at all of them."""

import datetime
from collections.abc import Iterator

from idp.pages import (
    AccountPage,
    AgreementView,
    ApprovePage,
    ClientView,
    ConsentItem,
    ConsentPage,
    ConsentProblem,
    ContinuePage,
    DevicePage,
    DeviceProblem,
    ErrorKind,
    ErrorPage,
    HelpPage,
    HomePage,
    LawfulBasis,
    LeavingPage,
    NewPasswordPage,
    OtherDeviceView,
    Outcome,
    OutcomePage,
    Page,
    PartyResult,
    RecoveryPage,
    RecoveryProblem,
    SignedOutPage,
    SignInPage,
    SignInProblem,
    SignOutPage,
    TotpPage,
    TotpProblem,
    WaitingView,
)

CLIENT = ClientView("社会保险公共服务平台", "si.example", "https://si.example/")
ELSEWHERE = ConsentItem("records:read", title="读取您的证照目录", place="省电子证照平台")
RECORD = ConsentItem("certificates/1", title="机动车驾驶证", place="省电子证照平台", record=True)
REQUIRED = (ConsentItem("openid"), ConsentItem("name", "欧阳*"))
OPTIONAL = (ConsentItem("phone", "138****0000"), ConsentItem("email", "z***@si.example"))
SENSITIVE = (ConsentItem("citizen_id", "110***********0013", required=True),)


def examples() -> Iterator[tuple[str, Page]]:
    """Name and page."""
    yield from _signing_in()
    yield from _consenting()
    yield from _elsewhere()
    yield from _ending()
    yield "home", HomePage()
    yield "home-signed-in", HomePage("欧阳*", "/logout")
    yield "help", HelpPage()
    yield "help-in-sign-in", HelpPage("/login?t=1")
    yield from _account()
    for kind in ErrorKind:
        yield f"error-{kind.value}", ErrorPage(kind, "7K3M-9QXD", CLIENT.name, 90, CLIENT.uri)


def _names(*names: str) -> tuple[ConsentItem, ...]:
    return (*(ConsentItem(name) for name in names), ELSEWHERE, RECORD)


def _account() -> Iterator[tuple[str, Page]]:
    day = datetime.date(2026, 5, 1)
    agreements = (
        AgreementView("1", CLIENT.name, CLIENT.host, _names("openid", "profile", "phone"), day, "", withdrawable=True),
        AgreementView(
            "2", "不动产登记", "re.example", _names("openid", "citizen_id"), day, "《不动产登记条例》", False
        ),
    )
    yield "account-nobody", AccountPage("/account/withdraw", "")
    yield "account-empty", AccountPage("/account/withdraw", "token", "欧阳*")
    yield "account", AccountPage("/account/withdraw", "token", "欧阳*", agreements)
    yield "account-withdrawn", AccountPage("/a", "token", "欧阳*", agreements[1:], PartyResult(CLIENT.name, told=True))
    still_open = PartyResult(CLIENT.name, told=False)
    yield "account-open", AccountPage("/a", "token", "欧阳*", (), still_open)
    yield "account-leave", AccountPage("/a", "token", "欧阳*", (), still_open, "/saml/slo/onward?j=0abc")


def _signing_in() -> Iterator[tuple[str, Page]]:
    for problem in (None, *SignInProblem):
        yield _named("sign-in", problem), SignInPage("/login?t=1", "token", CLIENT, "138 0000 0000", problem, 185)
    yield "sign-in-newcomer", SignInPage("/login?t=1", "token", CLIENT, newcomer=True)
    yield (
        "sign-in-own",
        SignInPage("/login?t=1", "token", ClientView("等待我处理的请求", "id.example", ours=True), own=True),
    )
    for code_problem in (None, *TotpProblem):
        yield (
            _named("totp", code_problem),
            TotpPage("/login/totp", "token", CLIENT, code_problem, 40, "/login/recovery"),
        )
    for list_problem in (None, *RecoveryProblem):
        page = RecoveryPage("/login/recovery", "token", CLIENT, list_problem, 7200, "/login/totp")
        yield _named("recovery", list_problem), page
    yield "new-password", NewPasswordPage("/login/password", "token")
    yield "new-password-temporary", NewPasswordPage("/login/password", "token", temporary=True)
    yield "new-password-problems", NewPasswordPage("/login/password", "token", ("too_short", "mismatch"), 12)


def _consenting() -> Iterator[tuple[str, Page]]:
    for problem in (None, ConsentProblem.MISSING_REQUIRED):
        yield (
            _named("consent", problem),
            ConsentPage(
                action="/consent",
                csrf="token",
                client=CLIENT,
                person="欧阳*",
                purpose="查询您的参保记录。",
                retention="至您注销账户为止。",
                required=REQUIRED,
                optional=OPTIONAL,
                sensitive=SENSITIVE,
                offline=True,
                problem=problem,
                policy_uri="https://si.example/privacy",
                tos_uri="https://si.example/terms",
            ),
        )
    yield (
        "consent-not-registered",
        ConsentPage(
            action="/consent",
            csrf="token",
            client=CLIENT,
            person="欧阳*",
            purpose="查询您的参保记录。",
            retention="至您注销账户为止。",
            required=(*REQUIRED, ConsentItem("address", held=False)),
            optional=(ConsentItem("phone", held=False),),
            sensitive=(ConsentItem("citizen_id", required=True, held=False),),
        ),
    )
    asked = (*REQUIRED, ELSEWHERE, RECORD)
    yield "consent-elsewhere", ConsentPage("/consent", "token", CLIENT, "欧阳*", "办证", "一年", required=asked)
    passing = (ConsentItem("sign_in"), ConsentItem("subject_id"), ConsentItem("address", "北京市东城区"))
    yield "consent-passing", ConsentPage("/consent", "token", CLIENT, "欧阳*", "办证", "一年", required=passing)
    yield "consent-unstated", ConsentPage("/consent", "token", CLIENT, "欧阳*", "", "", required=REQUIRED)
    yield (
        "consent-statutory-duty",
        ConsentPage(
            action="/consent",
            csrf="token",
            client=CLIENT,
            person="欧阳*",
            purpose="核发养老金。",
            retention="依法保存。",
            basis=LawfulBasis.STATUTORY_DUTY,
            rule="《中华人民共和国社会保险法》第七十四条",
            required=REQUIRED,
            sensitive=SENSITIVE,
        ),
    )


def _elsewhere() -> Iterator[tuple[str, Page]]:
    yield "device", DevicePage("/device", "token")
    yield "device-prefilled", DevicePage("/device", "token", "WDJB-MJHT")
    for problem in DeviceProblem:
        yield _named("device", problem), DevicePage("/device", "token", "WDJB-MJHT", problem, 40)
    waiting = (
        WaitingView("1", CLIENT.name, CLIENT.host, "窗口 3 · 7K3M", "14:05"),
        WaitingView("2", "不动产登记", "", "", "14:07"),
    )
    yield "approve-nobody", ApprovePage("/approve", "token")
    yield "approve-empty", ApprovePage("/approve", "token", "欧阳*")
    yield "approve", ApprovePage("/approve", "token", "欧阳*", waiting)
    yield "approve-protected", ApprovePage("/approve", "token", "欧阳*", protected=True)
    yield "approve-code", ApprovePage("/approve", "token", "欧阳*", protected=True, new_code="WDJB-MJHT")
    yield "approve-blocked", ApprovePage("/approve", "token", "欧阳*", waiting[1:], CLIENT.name)
    for outcome in Outcome:
        yield f"outcome-{outcome.value}", OutcomePage(outcome)
    asking = OtherDeviceView("WDJB-MJHT", "", "14:05", "2001:db8:1234:5678:9abc:def0:1234:5678")
    spoken = OtherDeviceView("", "窗口 3 · 7K3M", "14:05")
    near = OtherDeviceView("WDJB-MJHT", "", "14:05", "192.0.2.7", near=True)
    for name, basis, other in (
        ("consent-device", LawfulBasis.CONSENT, asking),
        ("consent-device-near", LawfulBasis.CONSENT, near),
        ("consent-message", LawfulBasis.STATUTORY_DUTY, spoken),
    ):
        yield (
            name,
            ConsentPage(
                action="/consent",
                csrf="token",
                client=CLIENT,
                person="欧阳*",
                purpose="查询您的参保记录。",
                retention="至您注销账户为止。",
                basis=basis,
                rule="《中华人民共和国社会保险法》第七十四条",
                required=REQUIRED,
                other_device=other,
            ),
        )


def _ending() -> Iterator[tuple[str, Page]]:
    yield "continue", ContinuePage("https://si.example/cb", (("code", "0abc"), ("state", "s")), CLIENT.name)
    yield "continue-leaving", ContinuePage("https://si.example/slo", (("SAMLRequest", "PHM"),), CLIENT.name, True)
    yield "leaving", LeavingPage("/saml/slo/onward?j=0abc")
    yield "sign-out", SignOutPage("/logout", "token", CLIENT, "欧阳*")
    yield "sign-out-unasked", SignOutPage("/logout", "token")
    told = PartyResult("社会保险", told=True)
    yield "signed-out", SignedOutPage((told,), "https://si.example/", "社会保险")
    yield (
        "signed-out-open",
        SignedOutPage((told, PartyResult("车辆管理", told=False)), "https://si.example/", "社会保险"),
    )
    yield "signed-out-alone", SignedOutPage()
    asked = PartyResult("公积金", told=False, asked=True)
    yield "signed-out-asked", SignedOutPage((told, asked), "https://si.example/", "社会保险", onward=True)


def _named(page: str, problem: object) -> str:
    return f"{page}-{getattr(problem, 'value', '')}".rstrip("-")
