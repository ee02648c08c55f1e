"""From a state URL to the store it names."""

from urllib.parse import unquote, urlsplit

from idp.clock import Clock
from idp.storage.embedded import EmbeddedState
from idp.storage.state import StateStore


def open_state(url: str, clock: Clock) -> StateStore:
    """The store that `IDP_STATE_URL` names.

    * `sqlite:///var/state.sqlite` (relative), `sqlite:////srv/idp/state.sqlite` (absolute)

    Raises `ValueError` for any other address; the message names the scheme alone, as an address may hold a password.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        return EmbeddedState(unquote(parts.path[1:]), clock)
    raise ValueError(f"a state address of scheme {parts.scheme!r} is not understood")
