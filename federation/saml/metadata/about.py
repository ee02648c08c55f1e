"""What people are shown of an entity: mdui:UIInfo of its role (SAML V2.0 Metadata Extensions for Login and Discovery
User Interface), and where that says nothing the Organization."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from federation.saml.metadata.elements import children, in_languages, md, mdui, text
from federation.saml.metadata.entity import About

_MAX_CONTACTS: Final = 10


def about(entity: Element, role: Element) -> About:
    ui = [info for extensions in children(role, md("Extensions")) for info in children(extensions, mdui("UIInfo"))]
    organizations = children(role, md("Organization")) or children(entity, md("Organization"))
    organization = _texts(organizations, md("OrganizationDisplayName"))
    return About(
        names=_texts(ui, mdui("DisplayName")) or organization,
        descriptions=_texts(ui, mdui("Description")),
        information_urls=_links(ui, mdui("InformationURL")) or _links(organizations, md("OrganizationURL")),
        privacy_urls=_links(ui, mdui("PrivacyStatementURL")),
        organization=organization,
        contacts=_contacts(entity, role),
    )


def _texts(places: list[Element], tag: str) -> Mapping[str, str]:
    return in_languages(each for place in places for each in children(place, tag))


def _links(places: list[Element], tag: str) -> Mapping[str, str]:
    """Only what is a link for people, who are shown its host: no other scheme and no user before the host."""
    return {tag: link for tag, link in _texts(places, tag).items() if _is_link(link)}


def _is_link(link: str) -> bool:
    try:
        parts = urlsplit(link)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    strange = any(sign in link for sign in ' "<>\\') or parts.username is not None
    return parts.scheme in ("https", "http") and bool(host) and not strange


def _contacts(entity: Element, role: Element) -> tuple[str, ...]:
    """E-mail addresses, those of the role first."""
    persons = [person for place in (role, entity) for person in children(place, md("ContactPerson"))]
    found = [text(each).removeprefix("mailto:") for person in persons for each in children(person, md("EmailAddress"))]
    return tuple(dict.fromkeys(address for address in found if "@" in address))[:_MAX_CONTACTS]
