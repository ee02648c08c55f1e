"""Our own metadata (saml-metadata-2.0-os): one EntityDescriptor with one IDPSSODescriptor, canonical and signed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from federation.saml import names
from federation.saml.assertion import Attribute, written_attribute
from federation.saml.credentials import Signer
from federation.saml.metadata.entity import Endpoint, EntityKey
from federation.saml.signing import finished
from federation.saml.writing import Xml, attribute, given, instant, text

Texts = Mapping[str, str]
"""By language tag (BCP 47)."""

_DS: Final = f' xmlns:ds="{names.DS}"'


@dataclass(frozen=True, slots=True)
class Logo:
    """mdui:Logo. Sizes are pixels."""

    url: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Contact:
    """ContactPerson (section 2.3.2.2). `kind` is technical, support, administrative, billing or other."""

    kind: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Organization:
    """Section 2.3.2.1: all three in the same languages."""

    names: Texts
    display_names: Texts
    urls: Texts


@dataclass(frozen=True, slots=True)
class IdpEntity:
    """All that we say of ourselves. `valid_until` is seconds since the epoch. `keys` are those we sign with, the
    current and the next, and those that open what is encrypted to us. `error_url` is where a service provider sends
    citizens for whom it can do nothing."""

    id: str
    entity_id: str
    valid_until: int
    cache_seconds: int
    keys: tuple[EntityKey, ...]
    single_sign_on: tuple[Endpoint, ...]
    single_logout: tuple[Endpoint, ...]
    artifact_resolution: tuple[Endpoint, ...]
    name_id_formats: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    want_authn_requests_signed: bool
    scopes: tuple[str, ...]
    signing_methods: tuple[str, ...]
    digest_methods: tuple[str, ...]
    error_url: str
    display_names: Texts
    descriptions: Texts
    information_urls: Texts
    privacy_urls: Texts
    logo: Logo | None
    organization: Organization | None
    contacts: tuple[Contact, ...]


def written(entity: IdpEntity, signer: Signer) -> Xml:
    """The signed md:EntityDescriptor. Raises `Unwritable`."""
    before = (
        f'<md:EntityDescriptor xmlns:md="{names.METADATA}" ID="{attribute(entity.id)}"'
        f' cacheDuration="PT{entity.cache_seconds}S" entityID="{attribute(entity.entity_id)}"'
        f' validUntil="{instant(entity.valid_until)}">'
    )
    after = (
        f"{_algorithms(entity)}{_descriptor(entity)}{_organization(entity.organization)}"
        f"{''.join(map(_contact, entity.contacts))}</md:EntityDescriptor>"
    )
    return finished(before, after, entity.id, signer)


def _algorithms(entity: IdpEntity) -> str:
    """What we verify with (SAML V2.0 Metadata Profile for Algorithm Support 1.0)."""
    namespace = f' xmlns:alg="{names.ALGSUPPORT}"'
    digests = (
        f'<alg:DigestMethod{namespace} Algorithm="{attribute(uri)}"></alg:DigestMethod>'
        for uri in entity.digest_methods
    )
    signatures = (
        f'<alg:SigningMethod{namespace} Algorithm="{attribute(uri)}"></alg:SigningMethod>'
        for uri in entity.signing_methods
    )
    return f"<md:Extensions>{''.join(digests)}{''.join(signatures)}</md:Extensions>"


def _descriptor(entity: IdpEntity) -> str:
    """IDPSSODescriptor, its parts in the order of section 2.4.3."""
    wanted = "true" if entity.want_authn_requests_signed else "false"
    attributes = f'WantAuthnRequestsSigned="{wanted}" errorURL="{attribute(entity.error_url)}"'
    parts = (
        f'<md:IDPSSODescriptor {attributes} protocolSupportEnumeration="{names.PROTOCOL}">',
        f"<md:Extensions>{_scopes(entity.scopes)}{_user_interface(entity)}</md:Extensions>",
        *map(_key, entity.keys),
        *(_endpoint("ArtifactResolutionService", endpoint) for endpoint in entity.artifact_resolution),
        *(_endpoint("SingleLogoutService", endpoint) for endpoint in entity.single_logout),
        *(f"<md:NameIDFormat>{text(format_)}</md:NameIDFormat>" for format_ in entity.name_id_formats),
        *(_endpoint("SingleSignOnService", endpoint) for endpoint in entity.single_sign_on),
        *(written_attribute(one, declared=False) for one in entity.attributes),
        "</md:IDPSSODescriptor>",
    )
    return "".join(parts)


def _scopes(scopes: Iterable[str]) -> str:
    """Whose identifiers may end in which scope; Shibboleth refuses others."""
    return "".join(
        f'<shibmd:Scope xmlns:shibmd="{names.SHIBMD}" regexp="false">{text(scope)}</shibmd:Scope>' for scope in scopes
    )


def _user_interface(entity: IdpEntity) -> str:
    """mdui:UIInfo (SAML V2.0 Metadata Extensions for Login and Discovery User Interface 1.0 section 2.1)."""
    logo = entity.logo
    shown = (
        "" if logo is None else f'<mdui:Logo height="{logo.height}" width="{logo.width}">{text(logo.url)}</mdui:Logo>'
    )
    return (
        f'<mdui:UIInfo xmlns:mdui="{names.MDUI}">{_by_language("mdui:DisplayName", entity.display_names)}'
        f"{_by_language('mdui:Description', entity.descriptions)}{shown}"
        f"{_by_language('mdui:InformationURL', entity.information_urls)}"
        f"{_by_language('mdui:PrivacyStatementURL', entity.privacy_urls)}</mdui:UIInfo>"
    )


def _by_language(element: str, texts: Texts) -> str:
    return "".join(
        f'<{element} xml:lang="{attribute(language)}">{text(value)}</{element}>' for language, value in texts.items()
    )


def _key(key: EntityKey) -> str:
    methods = "".join(_method(uri, digests) for uri, digests in key.encryption_methods.items())
    return (
        f"<md:KeyDescriptor{given('use', key.use or None)}><ds:KeyInfo{_DS}><ds:X509Data><ds:X509Certificate>"
        f"{text(key.certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"
    )


def _method(uri: str, digests: Iterable[str]) -> str:
    named = "".join(f'<ds:DigestMethod{_DS} Algorithm="{attribute(digest)}"></ds:DigestMethod>' for digest in digests)
    return f'<md:EncryptionMethod Algorithm="{attribute(uri)}">{named}</md:EncryptionMethod>'


def _endpoint(element: str, endpoint: Endpoint) -> str:
    index = None if endpoint.index is None else str(endpoint.index)
    default = None if endpoint.is_default is None else str(endpoint.is_default).lower()
    return (
        f'<md:{element} Binding="{attribute(endpoint.binding)}" Location="{attribute(endpoint.location)}"'
        f"{given('ResponseLocation', endpoint.response_location)}{given('index', index)}{given('isDefault', default)}>"
        f"</md:{element}>"
    )


def _organization(organization: Organization | None) -> str:
    if organization is None:
        return ""
    return (
        f"<md:Organization>{_by_language('md:OrganizationName', organization.names)}"
        f"{_by_language('md:OrganizationDisplayName', organization.display_names)}"
        f"{_by_language('md:OrganizationURL', organization.urls)}</md:Organization>"
    )


def _contact(contact: Contact) -> str:
    return (
        f'<md:ContactPerson contactType="{attribute(contact.kind)}"><md:GivenName>{text(contact.name)}</md:GivenName>'
        f"<md:EmailAddress>mailto:{text(contact.email)}</md:EmailAddress></md:ContactPerson>"
    )
