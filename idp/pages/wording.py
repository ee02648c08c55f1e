"""The words that depend on a value: scopes and claims, errors, refused passwords.

They stand here in English and are marked for translation; `translations/` has them in Chinese.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from idp.pages.consenting import ConsentItem
from idp.pages.standing import ErrorKind

Named = TypeVar("Named", bound=str | ConsentItem)


def mark(message: str) -> str:
    """Marks a message for translation; it is translated where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Description:
    """A scope or claim in plain words; `necessity` and `effect` are told of sensitive ones (PIPL article 30)."""

    name: str
    title: str
    explanation: str = ""
    necessity: str = ""
    effect: str = ""


@dataclass(frozen=True, slots=True)
class ErrorWords:
    title: str
    happened: str
    advice: str


_ITEMS: Final = (
    Description(
        "openid",
        mark("An identifier for this service only"),
        mark("A code by which the service knows you again. Other services get a different one."),
    ),
    Description(
        "sign_in",
        mark("That you are signed in"),
        mark("A code that holds until you sign out. By it alone the service cannot know you again."),
    ),
    Description("profile", mark("Basic details"), mark("Name, date of birth and gender.")),
    Description("name", mark("Name"), mark("Your name as it stands on your identity document.")),
    Description("birthdate", mark("Date of birth"), mark("The date on your identity document.")),
    Description("gender", mark("Gender"), mark("As it stands on your identity document.")),
    Description("updated_at", mark("When these details last changed"), mark("A point in time, nothing else.")),
    Description("email", mark("E-mail address"), mark("So that the service can write to you.")),
    Description("email_verified", mark("Whether your e-mail address was checked"), mark("Yes or no, nothing else.")),
    Description("phone", mark("Mobile number"), mark("So that the service can call you or send text messages.")),
    Description("phone_number", mark("Mobile number"), mark("So that the service can call you or send text messages.")),
    Description(
        "phone_number_verified", mark("Whether your mobile number was checked"), mark("Yes or no, nothing else.")
    ),
    Description(
        "subject_id",
        mark("An identifier that is the same at several services"),
        mark("A code by which this service and others that get it can tell that you are the same person."),
    ),
    Description("address", mark("Address"), mark("The address you have registered.")),
    Description(
        "offline_access",
        mark("Access while you are away"),
        mark("The service may fetch these details again after you have left, until you withdraw your consent."),
    ),
    *(
        Description(
            name,
            mark("Citizen ID number"),
            mark("Your 18-digit citizen ID number in full."),
            mark("It is asked for because the service must match its records to you without doubt."),
            mark("With it, records about you in different places can be joined. The service must protect it strictly."),
        )
        for name in ("citizen_id", "citizen_id_number")
    ),
)

ITEMS: Final[Mapping[str, Description]] = {item.name: item for item in _ITEMS}
_PLACES: Final[Mapping[str, int]] = {name: place for place, name in enumerate(ITEMS)}


def describe(named: str | ConsentItem, say: Callable[[str], str]) -> Description:
    """A scope or claim in the language of `say`; one that is not in the table stands for itself, if it does not bring
    words of its own."""
    name, title = (named, "") if isinstance(named, str) else (named.name, named.title)
    item = ITEMS.get(name)
    if item is None:
        return Description(name, title or name)
    words = (item.title, item.explanation, item.necessity, item.effect)
    return Description(name, *(say(word) if word else "" for word in words))


def in_order(items: Iterable[Named]) -> list[Named]:
    """Scopes and claims as every page lists them, so that a citizen finds again what he agreed to."""
    return sorted(items, key=lambda item: _PLACES.get(item if isinstance(item, str) else item.name, len(_PLACES)))


_START_AGAIN: Final = mark("Please go back to the service you came from and start again there.")

ERRORS: Final[Mapping[ErrorKind, ErrorWords]] = {
    ErrorKind.UNKNOWN_CLIENT: ErrorWords(
        mark("This service is not registered here"),
        mark("The service that sent you is not known to us, or has been switched off. Nothing was passed on."),
        mark("Do not enter personal details there. If you trust it, please tell its operator the number below."),
    ),
    ErrorKind.BAD_REDIRECT: ErrorWords(
        mark("The return address is not registered"),
        mark("The service asked us to send you to an address it has not registered. To protect you, we stopped here."),
        mark("Please open the service from its official address. If this happens again, tell its operator."),
    ),
    ErrorKind.BAD_REQUEST: ErrorWords(
        mark("We could not understand the request"),
        mark("The link was incomplete or damaged."),
        _START_AGAIN,
    ),
    ErrorKind.NOT_BEGUN: ErrorWords(
        mark("This page cannot be opened by itself"),
        mark("It is a step of a sign-in, which a service begins. Its address cannot be bookmarked or passed on."),
        mark("Please open the service you want to use, and choose “sign in” there."),
    ),
    ErrorKind.EXPIRED: ErrorWords(
        mark("This sign-in has expired"),
        mark("It took too long, or it had been finished already. To protect you, it cannot be continued."),
        _START_AGAIN,
    ),
    ErrorKind.FINISHED: ErrorWords(
        mark("This sign-in is already finished"),
        mark("The page was sent twice, or opened again later. Nothing went wrong, and nothing was done twice."),
        mark("Please go back to the service. If it does not know you yet, choose “sign in” there once more."),
    ),
    ErrorKind.OTHER_BROWSER: ErrorWords(
        mark("This sign-in was started elsewhere"),
        mark("It was started in another browser or on another device, or this browser does not accept cookies."),
        mark("Please allow cookies for this site, then start again from the service, in this browser."),
    ),
    ErrorKind.FORBIDDEN: ErrorWords(
        mark("We could not tell that this came from you"),
        mark("The form was sent without its safety mark. Nothing has been changed."),
        mark("Please go back, load the page again, and send the form once more."),
    ),
    ErrorKind.NOT_FOUND: ErrorWords(
        mark("Page not found"),
        mark("There is no page at this address."),
        mark("Please check the address, or go to the start page."),
    ),
    ErrorKind.METHOD: ErrorWords(
        mark("This address cannot be opened like this"),
        mark("It expects a form from a page of ours, and was opened in another way."),
        _START_AGAIN,
    ),
    ErrorKind.TOO_MANY: ErrorWords(
        mark("Too many people are signing in from your network"),
        mark("Very many sign-ins were begun from your internet connection just now. We take a few at a time."),
        mark("Please wait a moment, then begin once more at the service."),
    ),
    ErrorKind.UNAVAILABLE: ErrorWords(
        mark("The sign-in service is not available just now"),
        mark("A part we depend on does not answer. We are working on it; your details are safe."),
        mark("Please try again in a few minutes."),
    ),
    ErrorKind.ACCOUNT_CLOSED: ErrorWords(
        mark("This account cannot be used to sign in"),
        mark("Your password was right, but the account has been suspended or closed."),
        mark("If this is a mistake, please bring your identity document and the number below to a service counter."),
    ),
    ErrorKind.TOO_LARGE: ErrorWords(
        mark("Too much was sent"),
        mark("The request was larger than we accept."),
        _START_AGAIN,
    ),
    ErrorKind.INTERNAL: ErrorWords(
        mark("Something went wrong on our side"),
        mark("It is not your fault. Nothing has been passed on."),
        mark("Please try again in a few minutes. If it happens again, tell us the number below."),
    ),
    ErrorKind.SIGN_IN_REFUSED: ErrorWords(
        mark("You were not signed in"),
        mark("The sign-in was not completed, so nothing has been passed on."),
        _START_AGAIN,
    ),
}

PASSWORD_PROBLEMS: Final[Mapping[str, str]] = {
    "too_short": mark("The new password is too short."),
    "too_long": mark("The new password is too long."),
    "unusable": mark("The new password contains characters that cannot be typed on a keyboard."),
    "guessable": mark("The new password is too easy to guess."),
    "personal": mark("The new password contains your name, number or phone."),
    "too_few_classes": mark("The new password needs more kinds of characters: letters, digits and signs."),
    "reused": mark("The new password is one you have used before."),
    "mismatch": mark("The two entries are not the same."),
}
"""By code of the password policy (`Weakness`), and two of the page's own; any other code is shown as `guessable`."""
