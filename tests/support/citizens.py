"""Made-up citizens for tests. Their numbers are of a whole province, so that nobody was ever issued one."""

from idp.citizens.number import check_character
from idp.storage.records.citizens import Enrolment, StoredCitizen, StoredIdentifier
from idp.vault import Vault


def number(index: int) -> str:
    """The `index`-th number; all are different, and all are of people born from 1950 on."""
    day, rest = index % 28 + 1, index // 28
    month, rest = rest % 12 + 1, rest // 12
    year, sequence = 1950 + rest % 50, rest // 50 % 1000
    body = f"110000{year}{month:02}{day:02}{sequence:03}"
    return body + check_character(body)


def phone(index: int) -> str:
    return f"+86154{index:08}"


def enrolment(vault: Vault, citizen_id: str, **kinds: str) -> Enrolment:
    """A citizen with a password, TOTP and two recovery codes, known by the given number or phone."""
    return Enrolment(
        citizen=StoredCitizen(citizen_id, "active", vault.seal(b"profile", f"profile:{citizen_id}"), 10, 10),
        identifiers=tuple(
            StoredIdentifier(
                citizen_id,
                kind,
                vault.fingerprint(kind, value),
                vault.seal(value.encode(), f"identifier:{kind}:{citizen_id}"),
                10,
            )
            for kind, value in kinds.items()
        ),
        known_as=tuple((kind, each) for kind, value in kinds.items() for each in vault.fingerprints(kind, value)),
        password_hash="$argon2id$one",
        sealed_totp=vault.seal(b"JBSWY3DPEHPK3PXP", f"totp:{citizen_id}"),
    )
