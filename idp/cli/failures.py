"""What an error is, in one line, with what to do. Values that were typed are not repeated."""

import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from federation.saml.metadata.reading import BadMetadata
from idp.citizens.enrolling import InvalidDetail
from idp.citizens.import_rows import BadImportFile
from idp.citizens.number import InvalidNumber, Reason
from idp.citizens.registry import NumberTaken, PhoneTaken
from idp.config import SettingsError
from idp.errors import OAuthError
from idp.login.password import ReusedPassword, UnacceptablePassword
from idp.login.password_policy import WeakPassword
from idp.oidc.registration.configured import BadEntry, BadFile
from idp.saml.refreshing import RefreshFailed
from idp.saml.sources import BadSource
from idp.saml.terms import BadTerms
from idp.storage.records.errors import Changed, NotFound, RecordsUnavailable
from idp.storage.state import StateUnavailable
from idp.vault import Unsealable
from idp.vault.master_keys import BadMasterKeys

_WEAK: Final = {
    "too_short": "it is too short",
    "too_long": "it is too long",
    "unusable": "it has characters that cannot be typed",
    "too_few_classes": "it needs at least three of: capitals, small letters, digits, signs",
    "personal": "it contains something known of the citizen",
    "guessable": "it is easily guessed",
}

_INVALID: Final = {
    Reason.LENGTH: "it does not have eighteen characters, or fifteen",
    Reason.CHARACTERS: "it has characters that no number has",
    Reason.CHECK: "the last character does not fit the others",
    Reason.REGION: "it does not begin with the code of a province",
    Reason.DATE: "what stands in the place of the birth date is no date",
    Reason.FUTURE: "its birth date is in the future",
}

SENTENCES: Final[Mapping[type[Exception], str | Callable[[Any], str]]] = {
    SettingsError: lambda error: "settings: " + "; ".join(error.problems),
    BadMasterKeys: lambda error: f"master key: {error}",
    StateUnavailable: lambda error: f"the state store does not answer ({error}): check IDP_STATE_URL and that it runs",
    RecordsUnavailable: lambda error: f"the records do not answer ({error}): check IDP_RECORDS_URL and that they run",
    OAuthError: lambda error: f"{error.code}: {error.detail or error.description}",
    WeakPassword: lambda error: "the password: " + ", ".join(_WEAK[reason.value] for reason in error.reasons),
    ReusedPassword: "the citizen has, or had, this password: take another one",
    UnacceptablePassword: "the password is empty, too long, or not text",
    InvalidNumber: lambda error: f"the number is not valid: {_INVALID[error.reason]}",
    InvalidDetail: str,
    NumberTaken: "another citizen has this number",
    PhoneTaken: "another citizen has this phone",
    NotFound: "there is no such record",
    Changed: "somebody else changed this at the same time: try again",
    BadImportFile: lambda error: f"the file cannot be imported: {error}",
    BadEntry: lambda error: f"{_entry(error)}: {sentence(error.because)}; nothing was changed",
    BadFile: lambda error: f"{error}; nothing was changed",
    BadMetadata: lambda error: f"the metadata: {error}",
    BadTerms: str,
    BadSource: str,
    RefreshFailed: lambda error: f"the metadata cannot be had: {error}; nothing was changed",
    BlockingIOError: "another import of this file is running",
    Unsealable: lambda error: f"a stored value cannot be opened: {error}; is this the right master key?",
}


def _entry(error: BadEntry) -> str:
    return f"entry {error.number} ({error.client_id})" if error.client_id else f"entry {error.number}"


def sentence(error: Exception) -> str:
    """One line that says what went wrong and, where that is known, what to do."""
    if isinstance(error, click.ClickException):
        return error.format_message()
    for kind in type(error).__mro__:
        said = SENTENCES.get(kind)
        if said is not None:
            return " ".join((said if isinstance(said, str) else said(error)).split())
    if isinstance(error, OSError):
        return " ".join(f"{error.filename or 'the system'}: {error.strerror or type(error).__name__}".split())
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"unexpected {type(error).__module__}.{type(error).__qualname__} at {place.filename}:{place.lineno}"
