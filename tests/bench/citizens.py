"""Stored citizens in bulk: sealed as the registry seals them, written straight into the records' tables.

All have one password, and so one hash: nobody needs a million of those to measure a look-up. A large store is made once
and kept beside the others for the next run.
"""

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from idp.app import Services, build_services
from idp.citizens.citizen import Citizen, Profile, Status
from idp.citizens.enrolling import NewCitizen, enrolment, new_id
from idp.clock import SystemClock
from idp.config import load_settings
from idp.running.preparing import prepare_directory
from idp.secrets import SystemRandomness
from idp.storage.records.citizens import add_all
from idp.storage.records.schema import HEAD
from tests.support.citizens import number

PASSWORD = "correct horse battery staple"
_BATCH = 5_000


def add(services: Services, count: int, say: Callable[[str], None]) -> None:
    """Add citizens 0 to `count` - 1, by the numbers of `tests.support.citizens`."""
    now = int(services.clock.now())
    hashed = services.passwords.hash(PASSWORD)
    begun = time.monotonic()
    for first in range(0, count, _BATCH):
        last = min(first + _BATCH, count)
        batch = [enrolment(services.vault, *_citizen(services, index, hashed, now)) for index in range(first, last)]
        services.records.database.write(partial(add_all, enrolments=batch))
        if count > _BATCH:
            say(f"{last:>9,} of {count:,} citizens, {last / (time.monotonic() - begun):,.0f}/s")


def _citizen(services: Services, index: int, hashed: str, now: int) -> tuple[Citizen, NewCitizen]:
    his_number = number(index)
    born = f"{his_number[6:10]}-{his_number[10:12]}-{his_number[12:14]}"
    gender = "male" if int(his_number[16]) % 2 else "female"
    profile = Profile("李静文", his_number, birthdate=born, gender=gender)
    citizen = Citizen(new_id(services.randomness), Status.ACTIVE, profile, now)
    return citizen, NewCitizen(profile.name, his_number, password_hash=hashed)


def stocked(kept: Path, folder: Path, count: int, say: Callable[[str], None]) -> None:
    """Make `folder` a data directory with `count` citizens: a copy of the one in `kept`, which is made if need be."""
    source = kept / f"citizens-{count}-{HEAD}"
    if not source.exists():
        making = source.with_suffix(".part")
        shutil.rmtree(making, ignore_errors=True)
        _make(making, count, say)
        making.rename(source)
    shutil.copytree(source, folder)


def _make(folder: Path, count: int, say: Callable[[str], None]) -> None:
    settings = load_settings({"IDP_ISSUER": "http://127.0.0.1", "IDP_DATA_DIR": str(folder.absolute())})
    prepare_directory(settings, SystemRandomness(), SystemClock())
    services = build_services(settings)
    try:
        add(services, count, say)
    finally:
        services.close()
