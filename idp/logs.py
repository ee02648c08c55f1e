"""Logs: one JSON object a line on standard output, with nothing secret or personal in it.

What reaches a log comes from many hands, other people's among them. So every text passes a guard that blacks out what
looks like an ID or telephone number, an e-mail address, a token or a query; and of an exception we log where it came
from and of which class it is, never its words, which may quote values. `pyop`, `oic` and `jwkest` print secrets below
WARNING; they stay there whatever the level, and so do a few that talk too much.
"""

import logging
import logging.config
import re
import traceback
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from idp.codec import encode

EXTRAS: Final = (
    "reference",
    "endpoint",
    "method",
    "status",
    "milliseconds",
    "client_id",
    "citizen_id",
    "error",
    "reason",
    "count",
)
"""What a caller may give by `extra=`; names are those of the audit trail."""

PINNED: Final = ("pyop", "oic", "jwkest", "alembic", "urllib3")

_GUARDED: Final = re.compile(
    r"eyJ[\w.-]+"  # a JWT
    r"|(?<![\w-])[\w-]{40,}"  # a handle, a secret, a digest
    r"|(?<![0-9])[0-9](?:[ -]?[0-9]){10,}[Xx]?"  # an ID or telephone number, also in groups
    r"|\+[0-9]{7,}"
    r"|[^\s@\"'<>]{1,64}@[^\s@\"'<>]{1,255}"  # an e-mail address; bounded, or long texts would take quadratic time
    r"|(?<=[?&])[\w.-]+=[^\s&\"']*"  # a query
    r"|(?i:(?<=basic )|(?<=bearer ))[^\s\"',]+"  # an Authorization header
)
_FRAMES: Final = 12
_LONGEST: Final = 4_096


def guarded(text: str) -> str:
    """The text with all blacked out that must not stand in a log; the end of a very long one is left out."""
    return _GUARDED.sub("[hidden]", text[:_LONGEST])


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": guarded(_message(record)),
        }
        for name in EXTRAS:
            value = getattr(record, name, None)
            if value is not None:
                line[name] = value if isinstance(value, int | float) else _identifier(name, str(value))
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _described(record.exc_info[1])
        return encode(line).decode()


def moment(at: float) -> str:
    """ISO 8601 in UTC, with milliseconds; `at` in seconds since the epoch."""
    second = int(at)
    return f"{_second(second)}.{int((at - second) * 1000):03}+00:00"


@lru_cache(2)
def _second(second: int) -> str:
    """What all lines of a second begin with, written once for them."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def configure(level: str) -> None:
    """Send all logs of this process to standard output as JSON."""
    logging.config.dictConfig(configuration(level))


def configuration(level: str) -> dict[str, Any]:
    """The same as a `logging.config` dictionary, for a server that configures its own processes."""
    ours = {"handlers": ["stdout"], "level": level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "idp.logs.JsonFormatter"}},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
        "root": {"handlers": ["stdout"], "level": level.upper()},
        "loggers": {name: {"level": _at_least_warning(level)} for name in PINNED} | {"_granian": ours},
    }


def _at_least_warning(level: str) -> str:
    return level.upper() if level in ("warning", "error") else "WARNING"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return str(record.msg)


def _identifier(name: str, value: str) -> str:
    """Our opaque ids may hold many digits by chance; all else is guarded."""
    opaque = name in ("client_id", "citizen_id") and re.fullmatch(r"[0-9a-z]{26}|[0-9a-f]{32}", value)
    return value if opaque else guarded(value)


def _described(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    described: dict[str, Any] = {
        "class": f"{type(error).__module__}.{type(error).__qualname__}",
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        described["cause"] = f"{type(cause).__module__}.{type(cause).__qualname__}"
    return described
