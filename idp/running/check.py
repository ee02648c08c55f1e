"""`idp check`: looks at everything a deployment rests on, and says of each thing what is wrong and what to do.

It changes nothing. Each look stands alone, so that one outage does not hide the rest.
"""

import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from idp.clock import Clock, SystemClock
from idp.config import Settings, SettingsError, without_credentials
from idp.oidc.jose.keys import ENCRYPTION, EVERY
from idp.oidc.registration.statement import read_issuers
from idp.running.check_saml import about_certificates, about_files, about_metadata
from idp.running.finding import NOTE, OK, WRONG, Finding
from idp.running.preparing import CANARY
from idp.running.rekey import Rekeying
from idp.secrets import SystemRandomness
from idp.storage.condition import RedisCondition, records_time, redis_condition
from idp.storage.open import open_state
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.keys import StoredKey
from idp.storage.records.records import Records, open_records
from idp.storage.records.upgrade import is_current
from idp.storage.state import StateUnavailable
from idp.vault import Unsealable, Vault
from idp.vault.contexts import signing_key_context
from idp.vault.master_keys import BadMasterKeys, MasterKeys, read_key_file

KEY_DAYS: Final = 180
"""Our keys should be rotated before they are this old."""
SKEW_SECONDS: Final = 2.0
REDIS_VERSION: Final = (7,)
_DAY: Final = 86_400
_NEW_KEY: Final = "make one with `idp key master`, closed to others, and name its file in IDP_MASTER_KEY_FILE"
_USED_KEY: Final = "put that right; it must be the key that was used before, from your copy, and without it all is lost"
_REKEY: Final = "run `idp key rekey`; keep the older keys in the master key file until it is done"


def examine(settings: Settings, clock: Clock | None = None) -> Sequence[Finding]:
    """All findings, those that are well among them."""
    examiner = _Examiner(settings, clock or SystemClock())
    return [finding for look in examiner.looks for finding in look()]


class _Examiner:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self.looks: tuple[Callable[[], Iterator[Finding]], ...] = (
            self._about_settings,
            self._about_statements,
            self._about_directory,
            self._about_clock,
            self._about_state,
            self._about_records,
        )

    def _about_settings(self) -> Iterator[Finding]:
        settings = self._settings
        yield Finding("settings", OK, f"every setting can be used; the issuer is {settings.issuer}")
        if settings.secure and not settings.trusted_proxies:
            yield Finding(
                "settings",
                NOTE,
                "no proxy is trusted",
                "if a proxy stands in front, name its address in IDP_TRUSTED_PROXIES: else all share one source",
            )
        if not settings.secure:
            yield Finding("settings", NOTE, "the issuer is http, for this machine alone", "use https to serve citizens")
        if settings.outbound_allow:
            pairs = ", ".join(sorted(settings.outbound_allow))
            yield Finding("settings", NOTE, f"outgoing calls may reach {pairs}", "keep only what you know")
        if settings.records_embedded != settings.state_embedded:
            yield Finding(
                "settings",
                NOTE,
                "one store is embedded and the other is not",
                "an embedded store is for one machine; set IDP_RECORDS_URL and IDP_STATE_URL to serve from more",
            )

    def _about_statements(self) -> Iterator[Finding]:
        file = self._settings.software_statement_issuers
        if file is None:
            return
        try:
            issuers = ", ".join(sorted(read_issuers(file)))
        except SettingsError as error:
            yield Finding("software statements", WRONG, str(error), f"correct {file}: nothing starts without it")
        else:
            yield Finding("software statements", OK, f"those of {issuers} are taken")

    def _about_directory(self) -> Iterator[Finding]:
        directory = self._settings.data_dir
        if not directory.is_dir():
            yield Finding("data directory", NOTE, f"{directory} is not there yet", "`idp serve` makes it")
        elif stat.S_IMODE(directory.stat().st_mode) & 0o027:
            yield Finding("data directory", WRONG, f"{directory} is open to others", f"run: chmod 700 {directory}")
        else:
            yield Finding("data directory", OK, f"{directory} is closed to others")

    def _about_clock(self) -> Iterator[Finding]:
        wall, steady = self._clock.now(), time.monotonic()
        time.sleep(0.05)
        drift = (self._clock.now() - wall) - (time.monotonic() - steady)
        if abs(drift) > 0.5:
            yield Finding("clock", WRONG, "the system clock jumps", "let one time service set it, and no other")
        elif wall < 1_700_000_000:
            yield Finding("clock", WRONG, "the system clock is in the past", "set it, and run a time service")
        else:
            yield Finding("clock", OK, "the system clock goes forward")

    def _about_state(self) -> Iterator[Finding]:
        where = without_credentials(self._settings.state_url)
        if _not_made(self._settings.state_file):
            yield Finding("state", NOTE, f"{where} is not there yet", "`idp serve` makes it")
            return
        state = open_state(self._settings.state_url, self._clock)
        try:
            state.ping()
            yield Finding("state", OK, f"{where} answers")
            condition = redis_condition(state)
            if condition is not None:
                yield from self._about_redis(condition)
        except StateUnavailable as error:
            yield Finding("state", WRONG, f"{where} does not answer ({error})", "check IDP_STATE_URL and that it runs")
        finally:
            state.close()

    def _about_redis(self, condition: RedisCondition) -> Iterator[Finding]:
        version = ".".join(map(str, condition.version))
        if condition.version < REDIS_VERSION:
            yield Finding("state", WRONG, f"Redis {version} is too old", "upgrade it to 7 or newer")
        else:
            yield Finding("state", OK, f"Redis {version}")
        if condition.maxmemory_policy != "noeviction":
            yield Finding(
                "state",
                WRONG,
                f"Redis may drop what it holds (maxmemory-policy {condition.maxmemory_policy})",
                "set maxmemory-policy noeviction: sessions, and the marks that refuse replays, must stay",
            )
        if not condition.aof:
            yield Finding(
                "state",
                NOTE,
                "Redis does not write what it holds to disk (appendonly no)",
                "set appendonly yes: else a restart ends all sessions, and events not yet in the audit trail are lost",
            )
        yield from self._skew("state", condition.now)

    def _about_records(self) -> Iterator[Finding]:
        where = without_credentials(self._settings.records_url)
        try:
            if _not_made(self._settings.records_file):
                yield Finding("records", NOTE, f"{where} is not there yet", "`idp serve` makes it")
                return
            if not is_current(self._settings.records_url):
                yield Finding("records", WRONG, f"the tables at {where} are of another release", "run `idp db upgrade`")
                return
            records = open_records(self._settings.records_url, pool=1)
        except RecordsUnavailable as error:
            yield Finding("records", WRONG, f"{where} does not answer ({error})", "check IDP_RECORDS_URL")
            return
        try:
            yield Finding("records", OK, f"{where} answers and has the tables of this release")
            now = records_time(records)
            if now is not None:
                yield from self._skew("records", now)
            yield from self._about_keys(records)
            yield from about_metadata(records.metadata_sources, self._clock.now())
            yield from about_files(records.service_providers, self._clock.now())
        except RecordsUnavailable as error:
            yield Finding("records", WRONG, f"{where} does not answer ({error})", "check IDP_RECORDS_URL")
        finally:
            records.close()

    def _about_keys(self, records: Records) -> Iterator[Finding]:
        try:
            vault = self._vault()
        except BadMasterKeys as error:
            lost = records.secrets.get(CANARY) is not None
            yield Finding("master key", WRONG, str(error), _USED_KEY if lost else _NEW_KEY)
            return
        rekeying = Rekeying(records, vault)
        if unreadable := rekeying.unreadable():
            yield Finding(
                "master key",
                WRONG,
                f"{unreadable} values stand under a master key that is not here",
                "add that key to the master key file, below the current one",
            )
        elif left := rekeying.left():
            yield Finding("master key", NOTE, f"{left} values stand under an older master key", _REKEY)
        else:
            yield Finding("master key", OK, f"everything stands under {vault.current_kid}")
        keys = records.keys.all()
        yield from self._about_our_keys([key for key in keys if key.alg in EVERY], vault)
        yield from about_certificates(keys, vault, self._clock.now())

    def _about_our_keys(self, keys: Sequence[StoredKey], vault: Vault) -> Iterator[Finding]:
        """Those that sign, and those that open what is encrypted to us."""
        active = sorted((key for key in keys if key.state == "active"), key=lambda key: key.alg)
        if not active:
            yield Finding("keys", NOTE, "there are none yet", "`idp serve` makes them")
        for key in active:
            age = int((self._clock.now() - (key.activated_at or key.created_at)) / _DAY)
            named = f"the {key.alg} key, which {'decrypts' if key.alg in ENCRYPTION else 'signs'},"
            try:
                vault.open(key.sealed, signing_key_context(key.kid))
            except Unsealable:
                yield Finding("keys", WRONG, f"{named} cannot be read", "bring back its master key")
                continue
            if age >= KEY_DAYS:
                todo = f"run `idp key rotate --alg {key.alg}`"
                yield Finding("keys", WRONG, f"{named} has been active for {age} days", todo)
            else:
                yield Finding("keys", OK, f"{named} has been active for {age} days")

    def _vault(self) -> Vault:
        settings = self._settings
        if settings.master_key is not None:
            return Vault(MasterKeys.parse(settings.master_key), SystemRandomness())
        return Vault(read_key_file(settings.master_key_file), SystemRandomness())

    def _skew(self, store: str, now: float) -> Iterator[Finding]:
        skew = abs(now - self._clock.now())
        if skew > SKEW_SECONDS:
            yield Finding(
                "clock",
                WRONG,
                f"this machine and the {store} differ by {skew:.0f} s",
                "let a time service set both clocks",
            )
        else:
            yield Finding("clock", OK, f"this machine and the {store} agree")


def _not_made(file: Path | None) -> bool:
    """Whether this is an embedded store whose file is not there."""
    return file is not None and not file.exists()
