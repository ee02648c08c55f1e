"""What must be there before anything is opened: the data directory and, for embedded stores, a master key."""

from typing import Final

from idp.clock import Clock
from idp.config import Settings
from idp.secrets import Randomness
from idp.vault.master_keys import ensure_key_file

_PRIVATE: Final = 0o700


def prepare_directory(settings: Settings, randomness: Randomness, clock: Clock) -> None:
    """Make what is missing. A deployment brings its own master key: to make one silently would hide that its was lost.

    Raises `OSError`.
    """
    settings.data_dir.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    if settings.records_embedded and settings.master_key is None:
        ensure_key_file(settings.master_key_file, randomness, clock.now())
