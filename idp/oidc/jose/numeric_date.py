"""Times in a JWT (RFC 7519 section 2)."""

import math
from typing import Any, Final

_LAST: Final = 10**12


def numeric_date(value: Any) -> float:
    """Seconds since the epoch; what is no time is NaN, which is neither before nor after anything."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LAST:
        return math.nan
    return float(value)
