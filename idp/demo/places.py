"""Where the four of the demo are, and where they keep what they must remember."""

import os
from dataclasses import dataclass
from pathlib import Path

HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Places:
    """`port` is the provider's; the portals take the three after it. Everything kept lies in `data_dir`."""

    port: int
    data_dir: Path

    @property
    def issuer(self) -> str:
        return f"http://{HOST}:{self.port}"

    def portal_port(self, number: int) -> int:
        """Portal 0 is A, portal 1 is B, portal 2 is C."""
        return self.port + 1 + number

    def portal_url(self, number: int) -> str:
        return f"http://{HOST}:{self.portal_port(number)}"

    def portal_file(self, number: int) -> Path:
        """A portal is registered at its address: other ports are other clients, and get a file of their own."""
        return self.data_dir / f"portal-{self.portal_port(number)}.json"

    @property
    def citizens_file(self) -> Path:
        return self.data_dir / "citizens.json"

    def log(self, name: str) -> Path:
        return self.data_dir / "logs" / f"{name}.log"


def keep(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, in whole or not at all."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
