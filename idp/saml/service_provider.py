"""A service provider: what its metadata says, and what an operator set of it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

from federation.saml.metadata.entity import SpEntity
from idp.login.party import CONSENT, SERVICE_PROVIDERS, RelyingParty

DEFAULT_ATTRIBUTES: Final = ("name", "birthdate", "gender", "pairwise_id")
"""What a service provider may have at most of which no operator said more, if its metadata asks and the citizen agrees:
as much as the scope `profile` gives a client, and a pseudonym."""


def party_id_of(entity_id: str) -> str:
    """The name of a service provider in sessions, consents, duties and the audit trail, where no entity id fits."""
    return SERVICE_PROVIDERS + sha256(entity_id.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an operator sets of a service provider. The defaults are for one of which he said nothing."""

    name: Mapping[str, str] = field(default_factory=dict)
    """What citizens are shown, in place of the name that its metadata has."""
    purpose: Mapping[str, str] = field(default_factory=dict)
    """Why it asks, in words for the citizen (PIPL article 17)."""
    retention: Mapping[str, str] = field(default_factory=dict)
    """How long it keeps what it gets, in words for the citizen."""
    lawful_basis: str = CONSENT
    """`consent`, or `statutory_duty` with the rule it rests on in `lawful_basis_rule` (PIPL article 13)."""
    lawful_basis_rule: str = ""
    attributes: tuple[str, ...] | None = None
    """What it may have at most, by our own names; None: `DEFAULT_ATTRIBUTES`. Where its metadata requests nothing, what
    he named here is what it asks."""
    optional: tuple[str, ...] = ()
    """Those of them that the citizen may leave out without being refused (PIPL article 16)."""
    require_signed_requests: bool | None = None
    """None: as its metadata says in `AuthnRequestsSigned`."""
    sign_assertions: bool | None = None
    """None: as its metadata says in `WantAssertionsSigned`. Responses are signed always."""
    encrypt_assertions: bool = True
    """Where its metadata has a key to encrypt to."""
    allow_cbc: bool = False
    """Whether AES-CBC will do where it offers nothing better."""
    signature_algorithm: str | None = None
    """What we sign with; None: the best that its metadata lets us choose."""
    name_id_format: str | None = None
    """Of the NameID, where its request leaves that open; None: the first that its metadata names and we have, else
    transient."""
    idp_initiated: bool = False
    """Whether a sign-in may begin at our own address."""
    artifact: bool = False
    """Whether it is answered by artifact where its request leaves the binding open."""

    @property
    def at_most(self) -> tuple[str, ...]:
        """What it may have, whatever it asks and whatever was agreed to before."""
        return DEFAULT_ATTRIBUTES if self.attributes is None else self.attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider(Terms):
    """A service provider as the front door meets it."""

    party_id: str
    entity: SpEntity
    source: str = ""
    """Where its metadata came from: empty for a file that an operator brought, else the name of the source."""
    valid_until: int | None = None
    """Until when its metadata may be used, by itself and by its source; seconds since the epoch."""
    enabled: bool = True

    @property
    def host(self) -> str:
        """Where the citizen is sent back to, as it is shown."""
        return urlsplit(self.entity.assertion_consumers[0].location).netloc

    @property
    def names(self) -> Mapping[str, str]:
        """What citizens are shown, by language."""
        return self.name or self.entity.about.names or {"": self.host}

    @property
    def party(self) -> RelyingParty:
        """The service provider as the citizen meets it."""
        return RelyingParty(
            id=self.party_id,
            name=self.names,
            host=self.host,
            uri=self.entity.about.information_urls,
            policy_uri=self.entity.about.privacy_urls,
            purpose=self.purpose,
            retention=self.retention,
            lawful_basis=self.lawful_basis,
            lawful_basis_rule=self.lawful_basis_rule,
            optional=self.optional,
        )


def members_of(terms: Terms) -> dict[str, Any]:
    """The terms alone, also of a service provider, by their names."""
    return {member.name: getattr(terms, member.name) for member in dataclasses.fields(Terms)}
