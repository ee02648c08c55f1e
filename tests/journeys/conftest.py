"""The towns that journeys walk in, each started once for all of them; and citizens' browsers that are watched."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import cast

import pytest
from playwright.sync_api import Browser, Page

from tests.support.postgres_service import PostgresServer
from tests.support.redis_service import redis_server
from tests.support.town import Town, running_town
from tests.support.walking import watched

OpenBrowser = Callable[..., Page]
"""A page of a fresh profile: `open_browser(locale="en", javascript=False)`. What it meets is watched to the end."""

STORES = ("embedded", "postgresql-redis")


@pytest.fixture(scope="package", params=STORES)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with ExitStack() as stack:
        stores = {}
        if request.param != "embedded":
            postgres = cast("PostgresServer", request.getfixturevalue("postgres_server"))
            state = stack.enter_context(redis_server())
            stores = {"IDP_RECORDS_URL": postgres.create_database(), "IDP_STATE_URL": state.url}
        yield stack.enter_context(running_town(tmp_path_factory.mktemp("town"), stores))


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[OpenBrowser]:
    opened: list[AbstractContextManager[Page]] = []
    with ExitStack() as stack:

        def another(*, locale: str = "zh-CN", javascript: bool = True, width: int = 1100) -> Page:
            opened.append(watched(browser, locale=locale, javascript=javascript, width=width))
            return stack.enter_context(opened[-1])

        yield another
