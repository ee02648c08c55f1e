"""What the portals' pages say, in both languages; which of the two a visitor reads, and in which size of print."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Request

CHINESE: Final = "zh-CN"
ENGLISH: Final = "en"
LANGUAGES: Final = (CHINESE, ENGLISH)
LARGE: Final = "large"
SIZES: Final = ("normal", LARGE)


@dataclass(frozen=True, slots=True)
class Text:
    """One thing said in both languages."""

    chinese: str
    english: str

    def said_in(self, language: str) -> str:
        """In `language`; any but English is Chinese."""
        return self.english if language == ENGLISH else self.chinese


WORDS: Final[Mapping[str, Text]] = {
    "skip": Text("跳到正文", "Skip to the main text"),
    "languages": Text("语言与字号", "Language and text size"),
    "large": Text("长辈版", "Large print"),
    "normal": Text("标准版", "Standard print"),
    "home": Text("首页", "Home"),
    "sign_in": Text("登录", "Sign in"),
    "sign_in_hint": Text(
        "使用公民统一身份认证：登录一次，各政务门户通用。",
        "With the Citizen Identity Service: sign in once, be known at every public portal.",
    ),
    "signed_in_as": Text("已登录：", "Signed in as "),
    "to_matters": Text("进入我的事项", "My services"),
    "services": Text("可以在这里办理的事项", "What you can do here"),
    "matters_made_up": Text("以上事项为演示而虚构。", "These matters are made up for the demonstration."),
    "about_you": Text("您的登录信息", "About your sign-in"),
    "name": Text("姓名", "Name"),
    "number": Text("公民身份号码", "Citizen ID number"),
    "phone": Text("手机号码", "Telephone"),
    "level": Text("认证方式", "How you signed in"),
    "signed_in_at": Text("认证时间", "When you signed in"),
    "level_1": Text("密码", "With a password"),
    "level_2": Text("密码和验证码", "With a password and a one-time code"),
    "level_3": Text("防钓鱼的安全密钥", "With a security key that resists phishing"),
    "level_unknown": Text("未说明", "Not stated"),
    "guarded": Text(
        "为保护您的财产，查看这一项需要再输入一次验证码。",
        "To protect what you own, this needs a one-time code beside your password.",
    ),
    "step_up": Text("用验证码继续认证", "Continue with a one-time code"),
    "other_portal": Text("前往其他门户", "To the other portals"),
    "other_portal_hint": Text(
        "请在那里点“登录”。您已完成认证，不必再次输入密码。",
        "Choose “Sign in” there. You are known already: you will not be asked for your password again.",
    ),
    "sign_out": Text("退出登录", "Sign out"),
    "signed_out": Text("您已退出登录", "You are signed out"),
    "signed_out_hint": Text(
        "您已从本门户和公民统一身份认证退出；同时登录的其他门户也会退出。",
        "You have left this portal and the Citizen Identity Service; other portals you signed in to are told as well.",
    ),
    "signed_out_partly_hint": Text(
        "您已从本门户和公民统一身份认证退出；有的门户暂时没有确认退出，如在使用请到那里再次退出。",
        "You have left this portal and the Citizen Identity Service. Some other portal has not confirmed it yet: if "
        "you use one, please sign out there too.",
    ),
    "sign_in_again": Text("重新登录", "Sign in again"),
    "ended": Text(
        "您的登录已在别处结束。如需继续，请重新登录。", "Your sign-in was ended elsewhere. Please sign in again."
    ),
    "demo": Text(
        "演示门户，所有人员和事项均为虚构。", "A demonstration portal; all people and matters in it are made up."
    ),
    "error_title": Text("登录没有完成", "You were not signed in"),
    "reference": Text("查询编号", "Reference number"),
    "try_again": Text("再试一次", "Try again"),
    "back_home": Text("返回首页", "Back to the home page"),
    "error_access_denied_title": Text("您选择了不同意", "You chose not to share"),
    "error_access_denied": Text(
        "您没有同意提供所需的信息，因此本门户没有收到您的任何资料。需要办理时可以重新登录。",
        "You did not agree to share what was asked, so this portal received nothing about you. "
        "You can sign in again at any time.",
    ),
    "error_no_level_title": Text("这一项需要验证码", "This needs a one-time code"),
    "error_no_level": Text(
        "您的账户还没有开通手机验证码，因此不能查看这一项。其他事项不受影响。请到办事大厅窗口开通。",
        "Your account has no one-time codes yet, so this cannot be shown; all else still works. "
        "Codes are set up at a service counter.",
    ),
    "error_unavailable": Text(
        "公民统一身份认证暂时没有应答。请过几分钟再试。",
        "The identity provider is not answering just now. Please try again in a few minutes.",
    ),
    "error_unproved": Text(
        "登录结果无法核实，可能是等待时间过长，或登录是在另一个浏览器中开始的。请重新登录。",
        "The result of the sign-in could not be verified: perhaps it took too long, or began in another "
        "browser. Please sign in again.",
    ),
    "error_other": Text(
        "公民统一身份认证没有完成这次登录。请重新登录；如仍不成功，请告知我们下面的查询编号。",
        "The identity provider did not complete this sign-in. Please try again; if it fails again, tell us "
        "the reference number below.",
    ),
    "error_not_found": Text("没有这个页面。请返回首页。", "There is no such page. Please go back to the home page."),
    "error_not_found_title": Text("找不到页面", "Page not found"),
    "error_forged": Text(
        "这个请求不是从本门户的页面发出的，因此没有执行。",
        "The request did not come from a page of this portal and was not carried out.",
    ),
    "error_forged_title": Text("请求没有执行", "Nothing was done"),
    "error_fault": Text(
        "本门户出现了意外情况。请稍后再试；如仍不成功，请告知我们下面的查询编号。",
        "Something unexpected happened at this portal. Please try again shortly; if it fails again, tell us "
        "the reference number below.",
    ),
    "error_fault_title": Text("出现意外情况", "Something went wrong"),
}


def size_of(request: Request, cookie: str) -> str:
    """What the visitor chose (`?size=`, then the cookie), else the normal one."""
    chosen = (request.args.get("size"), request.cookies.get(cookie))
    return next((size for size in chosen if size in SIZES), SIZES[0])


def language_of(request: Request, cookie: str) -> str:
    """What the visitor chose (`?lang=`, then the cookie), else the browser's preference, else Chinese."""
    for chosen in (request.args.get("lang"), request.cookies.get(cookie)):
        if chosen in LANGUAGES:
            return chosen
    preferred = request.accept_languages.best_match(["zh-CN", "zh", "en"], default="zh-CN")
    return ENGLISH if preferred == "en" else CHINESE
