"""The code that a citizen types to say which device he means (RFC 8628 section 6.1).

Eight of twenty consonants: no vowels, so that no words come about; no digits, so that nothing is mistaken for a letter;
34.5 bits. A source has thirty guesses and then three a minute, so with ten thousand codes open at once, it hits one
of them with odds of about one in six hundred in a whole day; and what it then sees is the name of a service.
"""

import unicodedata
from typing import Final

from idp.secrets import Randomness

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH: Final = 8
LONGEST_TYPED: Final = 64
"""Characters beyond which nothing is read."""
_IGNORED: Final = frozenset("-_.·　 \t‐‑‒–—―−ー")
_FAIR: Final = 256 - 256 % len(ALPHABET)


def mint_user_code(randomness: Randomness) -> str:
    """A code as it is kept: letters alone, each as likely as any other."""
    letters: list[str] = []
    while len(letters) < LENGTH:
        letters += [ALPHABET[byte % len(ALPHABET)] for byte in randomness.bytes(LENGTH) if byte < _FAIR]
    return "".join(letters[:LENGTH])


def shown(code: str) -> str:
    """In two halves, as it is read out."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def read(typed: str) -> str:
    """What was typed, as it is kept: case, hyphens and spaces do not matter, nor do full-width letters. Empty if it
    cannot be a code."""
    if len(typed) > LONGEST_TYPED:
        return ""
    folded = unicodedata.normalize("NFKC", typed).upper()
    code = "".join(sign for sign in folded if sign not in _IGNORED)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""
