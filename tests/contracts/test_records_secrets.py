"""Named secrets: made once, the same for all."""

from collections.abc import Callable

from idp.storage.records.records import Records
from idp.vault import Vault
from tests.support.parallel import together


def test_a_secret_is_made_once(records: Records, vault: Vault) -> None:
    def maker(text: bytes) -> Callable[[], bytes]:
        return lambda: vault.seal(text, "secret:pairwise")

    assert records.secrets.get("pairwise") is None
    made = records.secrets.get_or_create("pairwise", maker(b"one"))
    assert vault.open(made, "secret:pairwise") == b"one"
    assert records.secrets.get_or_create("pairwise", maker(b"two")) == made
    assert records.secrets.get("pairwise") == made
    assert records.secrets.get_or_create("other", maker(b"three")) != made


def test_parallel_callers_get_the_same_secret(records: Records, vault: Vault) -> None:
    makers = [lambda n=n: vault.seal(f"{n}".encode(), "secret:s") for n in range(8)]
    calls = [lambda make=make: records.secrets.get_or_create("s", make) for make in makers]
    outcomes = together(calls)
    assert {*outcomes} == {records.secrets.get("s")}
