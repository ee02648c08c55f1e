"""What is left to say when all relying parties have been told, and where the browser goes then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from idp.leaving.messenger import Told
from idp.storage.records.logouts import Duty


@dataclass(frozen=True, slots=True)
class Farewell:
    """What is left to say. `back` is where the browser may go afterwards, `back_name` whose address that is. `staying`:
    the citizen is still signed in here, and goes back whatever came of it."""

    told: tuple[Told, ...] = ()
    back: str | None = None
    back_name: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    staying: bool = False

    @property
    def settled(self) -> bool:
        """Nothing may still be open, as far as anybody can know."""
        return all(each.confirmed or each.frame for each in self.told)

    @property
    def visits(self) -> Sequence[Duty]:
        """What the browser is still to be sent to relying parties with."""
        return [each.visit for each in self.told if each.visit]
