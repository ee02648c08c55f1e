"""Back-channel logout of one citizen with many portals, one of them dead: how long until the others are told."""

from pathlib import Path
from statistics import median

from tests.support.crowd import PORTALS, crowd


def leaving_line(folder: Path, rounds: int) -> str:
    """Measured in this process, with listeners over real HTTP; the first round, which opens everything, is left out."""
    found = {}
    for one_gateway in (True, False):
        place = folder / f"leaving-{one_gateway}"
        place.mkdir()
        with crowd(place, one_gateway=one_gateway) as portals:
            portals.seconds()
            found[one_gateway] = [portals.seconds() * 1_000 for _ in range(rounds)]
    behind, apart = (f"{median(each):.0f} ms (worst {max(each):.0f})" for each in (found[True], found[False]))
    return (
        f"Sign-out of {PORTALS} portals, one dead: the others told in {behind} with all behind one gateway, "
        f"in {apart} with the dead one elsewhere; target 1 s"
    )
