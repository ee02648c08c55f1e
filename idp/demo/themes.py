"""What makes one portal 社会保险, one 车辆管理 and one 不动产: names, colours, and the made-up matters each shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from idp.demo.words import Text


@dataclass(frozen=True, slots=True)
class Matter:
    """Something a citizen sees at a portal once signed in."""

    title: Text
    detail: Text
    status: Text


@dataclass(frozen=True, slots=True)
class AsksByOidc:
    """`scope` is what the portal asks for, `optional` what of it a citizen may leave out."""

    scope: tuple[str, ...]
    optional: tuple[str, ...]
    signed_by: str
    """`id_token_signed_response_alg`: between them the portals use both that the provider has."""


@dataclass(frozen=True, slots=True)
class AsksBySaml:
    """`attributes` are what the portal asks for: SAML names, and the friendly ones beside them. `allowed` is what it
    may have, in the provider's words."""

    attributes: tuple[tuple[str, str], ...]
    allowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """`key` also names the cookie, the style and the emblem. `guarded` is shown only to somebody who signed in with
    more than a password."""

    key: str
    letter: str
    name: Text
    office: Text
    lead: Text
    matters_title: Text
    matters: tuple[Matter, ...]
    purpose: Text
    retention: Text
    asks: AsksByOidc | AsksBySaml
    guarded: Matter | None = None


SOCIAL: Final = Theme(
    key="social",
    letter="A",
    name=Text("社会保险", "Social Insurance"),
    office=Text("社会保险网上服务大厅", "Social Insurance Online Service Hall"),
    lead=Text(
        "查询缴费记录，办理参保登记、待遇申领和关系转移。",
        "See your contributions, register, claim benefits and move your account to another province.",
    ),
    matters_title=Text("我的社会保险", "My social insurance"),
    matters=(
        Matter(
            Text("社保缴费记录", "Contribution record"),
            Text("已累计缴费 186 个月，最近一次缴费为上月。", "186 months contributed; the latest was last month."),
            Text("正常参保", "Insured"),
        ),
        Matter(
            Text("养老保险个人账户", "Pension account"),
            Text("账户储存额 92,418.60 元。", "Balance of the account: CNY 92,418.60."),
            Text("已记账", "Up to date"),
        ),
        Matter(
            Text("医疗保险异地就医备案", "Medical care in another province"),
            Text("备案地：海南省。有效期至明年六月三十日。", "Filed for Hainan; valid until 30 June next year."),
            Text("已备案", "Filed"),
        ),
        Matter(
            Text("电子社会保障卡", "Electronic social security card"),
            Text("可用于就医、购药和领取待遇。", "For hospitals, pharmacies and receiving benefits."),
            Text("已签发", "Issued"),
        ),
    ),
    purpose=Text(
        "核对您的身份，显示您的社保记录，并把办理结果通知您。",
        "To check who you are, show your social insurance record and tell you the outcome of your applications.",
    ),
    retention=Text("办结后保存三年。", "Three years after a matter is closed."),
    asks=AsksByOidc(("openid", "profile", "phone"), ("phone",), "RS256"),
)

VEHICLES: Final = Theme(
    key="vehicles",
    letter="B",
    name=Text("车辆管理", "Vehicle Administration"),
    office=Text("车辆和驾驶人管理服务平台", "Vehicle and Driver Administration Service"),
    lead=Text(
        "办理机动车登记、驾驶证换发、检验预约和违法处理。",
        "Register a vehicle, renew a driving licence, book an inspection and settle traffic violations.",
    ),
    matters_title=Text("我的车辆和驾驶证", "My vehicles and licence"),
    matters=(
        Matter(
            Text("机动车驾驶证", "Driving licence"),
            Text("准驾车型 C1，有效期还有四年，累积记分 0 分。", "Class C1, valid for four years, no penalty points."),
            Text("正常", "Valid"),
        ),
        Matter(
            Text("机动车行驶证", "Vehicle licence"),
            Text("小型新能源汽车一辆，登记于三年前。", "One small electric car, registered three years ago."),
            Text("正常", "Valid"),
        ),
        Matter(
            Text("机动车检验", "Vehicle inspection"),
            Text(
                "下次检验应在明年五月底以前完成。",
                "Due by the end of May next year.",
            ),
            Text("可预约", "Can be booked"),
        ),
        Matter(
            Text("电子监控违法", "Camera-recorded violations"),
            Text("没有未处理的违法记录。", "Nothing is waiting to be settled."),
            Text("无待办", "Nothing to do"),
        ),
    ),
    purpose=Text(
        "用公民身份号码找到您名下的驾驶证和机动车。",
        "To find the licence and vehicles that are registered under your citizen ID number.",
    ),
    retention=Text("驾驶证和车辆登记存续期间保存。", "As long as the licence and the registration stand."),
    asks=AsksByOidc(("openid", "profile", "citizen_id"), (), "ES256"),
)

NAME: Final = "urn:oid:2.16.840.1.113730.3.1.241"
CITIZEN_ID: Final = "urn:citizen-idp:attribute:citizen_id_number"

ESTATE: Final = Theme(
    key="estate",
    letter="C",
    name=Text("不动产", "Real Estate Registration"),
    office=Text("不动产登记网上服务大厅", "Real Estate Registration Online"),
    lead=Text(
        "查询不动产登记，办理转移、抵押和注销登记。",
        "See what is registered, and register a transfer, a mortgage or its end.",
    ),
    matters_title=Text("我的不动产", "My real estate"),
    matters=(
        Matter(
            Text("登记申请进度", "Progress of applications"),
            Text("没有正在办理的登记申请。", "No application is under way."),
            Text("无待办", "Nothing to do"),
        ),
        Matter(
            Text("办理预约", "Appointments"),
            Text("最近的登记大厅本周四上午可以预约。", "The nearest office has time on Thursday morning."),
            Text("可预约", "Can be booked"),
        ),
        Matter(
            Text("不动产登记电子证照", "Electronic certificate of title"),
            Text("可用于办理贷款、落户和入学。", "For loans, household registration and school enrolment."),
            Text("已签发", "Issued"),
        ),
    ),
    purpose=Text(
        "用公民身份号码找到登记在您名下的不动产。",
        "To find the real estate that is registered under your citizen ID number.",
    ),
    retention=Text("不动产登记存续期间保存。", "As long as the registration stands."),
    asks=AsksBySaml(((NAME, "displayName"), (CITIZEN_ID, "citizenId")), ("name", "citizen_id_number")),
    guarded=Matter(
        Text("房屋产权登记", "Registered title"),
        Text(
            "住宅一套，建筑面积 89.60 平方米，单独所有，无抵押、无查封。",
            "One flat of 89.60 square metres, sole owner, no mortgage and no seizure.",
        ),
        Text("现势", "In force"),
    ),
)

THEMES: Final = (SOCIAL, VEHICLES, ESTATE)
BY_KEY: Final[Mapping[str, Theme]] = {theme.key: theme for theme in THEMES}
