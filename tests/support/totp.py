"""The authenticator app of a person."""

import pyotp

from tests.support.provider import Person, Provider


def totp_now(provider: Provider, person: Person) -> str:
    """The code his app shows at the provider's time."""
    return pyotp.TOTP(person.totp_secret or "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").at(int(provider.clock.now()))
