"""Anti-forgery tokens: each form carries an HMAC of its own name under the value of the browser-binding cookie.

So a token needs no place of its own, and is worth nothing in another browser or another form.
"""

import hashlib
import hmac

from idp.secrets import equal, urlsafe


class Forged(Exception):
    """A form came without its anti-forgery token, with another's, or from a page that is not ours."""


def csrf_token(browser: str, form: str) -> str:
    """`browser` is the cookie's value, `form` the form's name: a transaction's id, or a word of ours."""
    mac = hmac.new(browser.encode(), b"form\0" + form.encode(), hashlib.sha256)
    return urlsafe(mac.digest())


def check_csrf(browser: str, form: str, presented: str) -> None:
    """Raises `Forged`."""
    if not browser or not equal(csrf_token(browser, form), presented):
        raise Forged
