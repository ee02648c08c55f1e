"""What must be there before anything is opened: the data directory and, for embedded stores, a master key.

And what must be true before anything is done: that the master key is the one the records were sealed under. A service
that went on with another key would not find a single citizen, and would register everybody anew.
"""

from typing import Final

from idp.clock import Clock
from idp.config import Settings
from idp.secrets import Randomness
from idp.services import Services
from idp.vault import Unsealable
from idp.vault.master_keys import BadMasterKeys, ensure_key_file

_PRIVATE: Final = 0o700
CANARY: Final = "subjects"
"""A secret that every deployment has and never changes."""


def prepare_directory(settings: Settings, randomness: Randomness, clock: Clock) -> None:
    """Make what is missing. A deployment brings its own master key: to make one silently would hide that its was lost.

    Raises `OSError`, or `BadMasterKeys` where records are there and the key they were sealed under is not.
    """
    settings.data_dir.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    prove_key_file(settings)
    if settings.records_file is not None and settings.master_key is None:
        ensure_key_file(settings.master_key_file, randomness, clock.now())


def prove_key_file(settings: Settings) -> None:
    """Raises `BadMasterKeys` where embedded records are there and the key they were sealed under is not."""
    if settings.records_file is None or settings.master_key is not None:
        return
    if settings.records_file.exists() and not settings.master_key_file.exists():
        raise BadMasterKeys(
            f"{settings.master_key_file} is missing, and the records at {settings.records_file} are sealed under it: "
            "bring it back, for nothing else can open them"
        )


def prove_master_key(services: Services) -> None:
    """Raises `BadMasterKeys` if the records were sealed under another key."""
    try:
        services.secret(CANARY)
    except Unsealable:
        raise BadMasterKeys(
            "the records were sealed under another one: bring that one back (`idp check` names it); nothing was changed"
        ) from None
