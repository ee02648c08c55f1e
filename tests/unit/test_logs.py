"""Log lines are JSON and carry no secret and no personal data, whoever writes them."""

import json
import logging
from collections.abc import Iterator

import pytest

from idp import logs
from idp.secrets import SystemRandomness, digest, mint

NUMBER = "11010519491231002X"
TALKATIVE = ("pyop", "oic", "jwkest", "alembic", "urllib3")


@pytest.fixture
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    names = (*TALKATIVE, "_granian")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:  # some were quietened when the provider was loaded
        logging.getLogger(name).setLevel(logging.NOTSET)
    yield
    root.handlers[:], root.level = handlers, level
    for name in names:
        logging.getLogger(name).setLevel(before[name])
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


def line(message: object, *arguments: object, **extra: object) -> dict[str, object]:
    record = logging.LogRecord("idp.test", logging.WARNING, __file__, 1, message, arguments, None)  # type: ignore[arg-type]
    record.__dict__.update(extra)
    parsed: dict[str, object] = json.loads(logs.JsonFormatter().format(record))
    return parsed


def test_a_line_has_time_level_logger_message_and_known_extras() -> None:
    made = line("answered %d", 200, reference="7KQ2-M4XD", status=200, unknown="x")
    assert made.pop("time")
    assert made == {
        "level": "warning",
        "logger": "idp.test",
        "message": "answered 200",
        "reference": "7KQ2-M4XD",
        "status": 200,
    }


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (0.0, "1970-01-01T00:00:00.000+00:00"),
        (1_795_000_000.25, "2026-11-18T11:06:40.250+00:00"),
        (1_795_000_000.9995, "2026-11-18T11:06:40.999+00:00"),
        (1_795_000_001.0, "2026-11-18T11:06:41.000+00:00"),
        (1_795_000_000.0, "2026-11-18T11:06:40.000+00:00"),
    ],
)
def test_the_time_of_a_line_is_iso_8601_in_utc(at: float, written: str) -> None:
    assert line("x", created=at)["time"] == written


HIDDEN = {
    "a number": NUMBER,
    "a number in groups": "110105 19491231 002X",
    "an old number": "110105491231002",
    "a telephone number": "13800138000",
    "one with its country": "+8613800138000",
    "an e-mail address": "someone@example.cn",
    "a handle": mint(SystemRandomness(), "a"),
    "a digest": digest("x"),
    "a JWT": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln",
}


@pytest.mark.parametrize("secret", HIDDEN.values(), ids=HIDDEN.keys())
@pytest.mark.parametrize("frame", ["{}", "got {} here", "id={},", "'{}'", "https://x/cb?code={}&state=y"])
def test_what_is_secret_or_personal_is_hidden(secret: str, frame: str) -> None:
    for made in (line(frame.format(secret)), line("%s", frame.format(secret)), line("x", reason=frame.format(secret))):
        assert secret not in json.dumps(made)
        assert "[hidden]" in json.dumps(made)


@pytest.mark.parametrize(
    ("text", "word"),
    [("/cb?code=abc&state=def", "abc"), ("Authorization: Basic dXNlcjpwdw==", "dXNlcjpwdw=="), ("bearer abc", "abc")],
)
def test_queries_and_credentials_are_hidden(text: str, word: str) -> None:
    assert word not in logs.guarded(text)


@pytest.mark.parametrize(
    "text", ["took 1234 ms", "2026-11-23T09:00:00.000+00:00", "127.0.0.1:8000", "kid NzbLsXh8uDCc"]
)
def test_ordinary_words_stay(text: str) -> None:
    assert logs.guarded(text) == text


@pytest.mark.parametrize("client_id", ["4d044195cc8bb389e5f5de3b82483e2f", "12345678901234567890123456789012"])
def test_our_own_ids_stay(client_id: str) -> None:
    assert line("x", client_id=client_id)["client_id"] == client_id


def test_an_id_in_another_shape_is_guarded() -> None:
    assert line("x", client_id=NUMBER)["client_id"] == "[hidden]"


def test_an_exception_is_told_by_class_and_place_and_never_by_its_words() -> None:
    try:
        try:
            raise KeyError("张三")
        except KeyError as cause:
            raise ValueError(f"cannot use 张三 {NUMBER}") from cause
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", None, (type(error), error, None))
        text = logs.JsonFormatter().format(record)
    described = json.loads(text)["exception"]
    assert (described["class"], described["cause"]) == ("builtins.ValueError", "builtins.KeyError")
    assert described["trace"][-1].endswith("test_an_exception_is_told_by_class_and_place_and_never_by_its_words")
    assert "张三" not in text
    assert NUMBER not in text


def test_a_message_that_does_not_fit_its_arguments_is_still_a_line() -> None:
    assert line("%d and %d", "x")["message"] == "%d and %d"


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_loggers_that_print_secrets_stay_at_warning(level: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level)
    for name in TALKATIVE:
        logging.getLogger(f"{name}.inside").info("code=abc")
        logging.getLogger(f"{name}.inside").debug("code=abc")
    logging.getLogger("idp.x").error("ours")
    printed = capsys.readouterr().out.splitlines()
    assert [json.loads(each)["message"] for each in printed] == ["ours"]
