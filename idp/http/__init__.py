"""HTTP, once for all endpoints. Flask's request is read here and in the views, and nowhere deeper.

reading.py   the raw query and form, and paths that stay on this host
web.py       who is at the other end; pages, redirects and JSON with the headers they must have
cookies.py   names and attributes of our cookies
failing.py   exceptions that become pages or JSON, with a reference for the log
access_log.py  the lines that requests leave, written together
observer.py  the number and the line that each request leaves
cross_origin.py  which pages of other origins may read an answer
bodies.py    bodies read first, of one address only so many at a time
shortcut.py  the three requests of a hop, past Flask's contexts
"""

from idp.http.cookies import Cookies
from idp.http.cross_origin import CrossOrigin
from idp.http.failing import Failing, PageError, store_away
from idp.http.observer import Observer
from idp.http.reading import MAX_FORM_BYTES, document, form, here, local_path, query
from idp.http.web import PREFERENCE_SECONDS, Web

__all__ = [
    "MAX_FORM_BYTES",
    "PREFERENCE_SECONDS",
    "Cookies",
    "CrossOrigin",
    "Failing",
    "Observer",
    "PageError",
    "Web",
    "document",
    "form",
    "here",
    "local_path",
    "query",
    "store_away",
]
