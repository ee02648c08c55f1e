"""Our own metadata: what we say of ourselves, signed, and kept in each worker for an hour.

All workers say the same in the same hour, to the byte, so that whoever asks with an ETag is spared the rest wherever he
comes out.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from federation.saml.algorithms import DIGESTS, SIGNATURES
from federation.saml.metadata.entity import Endpoint, EntityKey
from federation.saml.metadata.writing import Contact, IdpEntity, Organization, written
from federation.saml.names import PERSISTENT, POST, REDIRECT, SOAP, TRANSIENT
from idp.clock import Clock
from idp.config import Publicity, Settings
from idp.saml import addresses
from idp.saml.keys import METADATA_SIGNING, SamlKeys

CONTENT_TYPE: Final = "application/samlmetadata+xml"
"""saml-metadata-2.0-os appendix A."""
RENEWED_SECONDS: Final = 3600
"""How often the end of our metadata moves on."""
CACHE_SECONDS: Final = 6 * 3600
"""How long others may go without asking again. A key is published for a day before it signs."""


@dataclass(frozen=True, slots=True)
class Published:
    """The document, its ETag, and what it was made of."""

    document: bytes
    etag: str
    made_at: int
    keys: Sequence[EntityKey]


class OwnMetadata:
    def __init__(self, settings: Settings, keys: SamlKeys, clock: Clock, paths: Container[str]) -> None:
        """`paths` are those that the application answers at: no other is told."""
        self._paths = paths
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._kept: Published | None = None

    def published(self) -> Published:
        """What stands at /saml/metadata now. Raises `RecordsUnavailable` and `StateUnavailable`."""
        keys, now = self._keys.published(), int(self._clock.now())
        made_at, kept = now - now % RENEWED_SECONDS, self._kept
        if kept is None or kept.keys is not keys or kept.made_at != made_at:
            document = written(self._entity(keys, made_at), self._keys.signer(METADATA_SIGNING)).encode()
            kept = Published(document, sha256(document).hexdigest()[:32], made_at, keys)
            self._kept = kept
        return kept

    def _entity(self, keys: Sequence[EntityKey], made_at: int) -> IdpEntity:
        issuer, told = self._settings.issuer, self._settings.publicity
        names = {"zh-CN": told.name_zh, "en": told.name_en}
        return IdpEntity(
            id=f"_{sha256(f'{issuer} {made_at}'.encode()).hexdigest()[:32]}",
            entity_id=addresses.entity_id(issuer),
            valid_until=made_at + told.metadata_days * 86_400,
            cache_seconds=CACHE_SECONDS,
            keys=tuple(keys),
            single_sign_on=self._endpoints((REDIRECT, addresses.SSO), (POST, addresses.SSO)),
            single_logout=self._endpoints((REDIRECT, addresses.SLO), (POST, addresses.SLO), (SOAP, addresses.SLO_SOAP)),
            artifact_resolution=tuple(
                replace(each, index=0, is_default=True) for each in self._endpoints((SOAP, addresses.ARTIFACT))
            ),
            name_id_formats=(TRANSIENT, PERSISTENT),
            attributes=(),
            want_authn_requests_signed=False,
            scopes=(self._settings.saml_scope,),
            signing_methods=tuple(SIGNATURES),
            digest_methods=tuple(DIGESTS),
            error_url=f"{issuer}/help",
            display_names=names,
            descriptions={},
            information_urls={"zh-CN": f"{issuer}/help", "en": f"{issuer}/help"},
            privacy_urls={},
            logo=None,
            organization=_organization(told),
            contacts=_contacts(told),
        )

    def _endpoints(self, *offered: tuple[str, str]) -> tuple[Endpoint, ...]:
        issuer = self._settings.issuer
        return tuple(Endpoint(binding, issuer + path) for binding, path in offered if path in self._paths)


def _organization(told: Publicity) -> Organization | None:
    if not told.organization_zh:
        return None
    names = {"zh-CN": told.organization_zh} | ({"en": told.organization_en} if told.organization_en else {})
    return Organization(names, names, dict.fromkeys(names, told.organization_url))


def _contacts(told: Publicity) -> tuple[Contact, ...]:
    by_kind = {"technical": told.technical_contact, "support": told.support_contact}
    return tuple(Contact(kind, told.organization_zh or told.name_zh, at) for kind, at in by_kind.items() if at)
