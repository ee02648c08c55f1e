"""What the provider says of itself to service providers and those who run them."""

import re
from dataclasses import dataclass
from typing import Final

from idp.config import values
from idp.config.source import SettingsReader

_EMAIL: Final = re.compile(r"[^\s<>@,;:\"\\]{1,64}@[^\s<>@,;:\"\\]{1,190}")


@dataclass(frozen=True, slots=True)
class Publicity:
    """What our SAML metadata has besides endpoints and keys. `scope` is the domain that scoped identifiers are ours in;
    empty stands for the issuer's host. `metadata_days` is how long a copy of our metadata may be used."""

    name_zh: str = "公民统一身份认证"
    name_en: str = "Citizen Identity Service"
    organization_zh: str = ""
    organization_en: str = ""
    organization_url: str = ""
    technical_contact: str = ""
    support_contact: str = ""
    scope: str = ""
    metadata_days: int = 14


def publicity(reader: SettingsReader) -> Publicity:
    """Our metadata has an organization where at least its Chinese name is set, and its page has to go with it."""
    default = Publicity()
    found = Publicity(
        name_zh=reader.read("IDP_DISPLAY_NAME_ZH", _line, default.name_zh),
        name_en=reader.read("IDP_DISPLAY_NAME_EN", _line, default.name_en),
        organization_zh=reader.read("IDP_ORGANIZATION_NAME_ZH", _line, ""),
        organization_en=reader.read("IDP_ORGANIZATION_NAME_EN", _line, ""),
        organization_url=reader.read("IDP_ORGANIZATION_URL", _page, ""),
        technical_contact=reader.read("IDP_TECHNICAL_CONTACT", _email, ""),
        support_contact=reader.read("IDP_SUPPORT_CONTACT", _email, ""),
        scope=reader.read("IDP_SAML_SCOPE", _domain, ""),
        metadata_days=reader.read("IDP_SAML_METADATA_DAYS", values.whole(2, 731), default.metadata_days),
    )
    if bool(found.organization_zh) != bool(found.organization_url):
        reader.reject("IDP_ORGANIZATION_NAME_ZH and IDP_ORGANIZATION_URL go together: set both")
    if found.organization_en and not found.organization_zh:
        reader.reject("IDP_ORGANIZATION_NAME_EN needs IDP_ORGANIZATION_NAME_ZH")
    return found


def _line(raw: str) -> str:
    if not raw.isprintable() or len(raw) > 200:
        raise ValueError("must be one line of at most 200 characters")
    return raw


def _page(raw: str) -> str:
    if not raw.isascii() or not raw.isprintable() or not re.fullmatch(r"https?://[^\s/@\"<>\\]+(/[^\s\"<>\\]*)?", raw):
        raise ValueError("must be the address of a page, such as https://www.example.cn/")
    return raw


def _email(raw: str) -> str:
    if not raw.isprintable() or not _EMAIL.fullmatch(raw):
        raise ValueError("must be an e-mail address, such as idp@example.cn")
    return raw


def _domain(raw: str) -> str:
    if not values.is_domain(raw):
        raise ValueError("must be a domain in lower-case ASCII, such as id.example.cn")
    return raw
