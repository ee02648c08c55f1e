"""What is passed on, to whom, why and for how long (PIPL articles 13, 14, 16, 17, 23, 29, 30)."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from idp.pages.elsewhere import OtherDeviceView
from idp.pages.frame import ClientView


class ConsentProblem(enum.Enum):
    MISSING_REQUIRED = "missing_required"
    """`allow` was pressed without ticking a sensitive item that the service cannot do without."""


class LawfulBasis(enum.Enum):
    """PIPL article 13: consent is one basis, a statutory duty another."""

    CONSENT = "consent"
    STATUTORY_DUTY = "statutory_duty"


@dataclass(frozen=True, slots=True)
class ConsentItem:
    """A scope or claim by `name`; `wording.ITEMS` has its title and explanation.

    `value_preview` shows the citizen what would be passed on; sensitive values come masked. Where the citizen may
    choose, the form posts `item=<name>` for each that is ticked. `required`: the service cannot do without it.
    `ticked`: by the citizen, on the same page a moment ago. `held`: there is something to pass on. `title`, where
    `wording.ITEMS` has none: the words of another service, `place`, at which something may be done; with `record`, the
    name of the record that is read there.
    """

    name: str
    value_preview: str = ""
    required: bool = False
    ticked: bool = False
    held: bool = True
    title: str = ""
    place: str = ""
    record: bool = False


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """Posts `decision` (`allow` or `deny`) and `item` for each ticked item.

    `required` items are listed; `optional` and `sensitive` ones have a box each, which nobody but the citizen ticks.
    With `LawfulBasis.STATUTORY_DUTY` the page is a notice that names `rule`: what is required is not asked for.
    `person` is the masked name. With `other_device` it is the sign-in itself that is allowed, and for whom.
    """

    template: ClassVar[str] = "consent.html"
    action: str
    csrf: str
    client: ClientView
    person: str
    purpose: str
    retention: str
    basis: LawfulBasis = LawfulBasis.CONSENT
    rule: str = ""
    required: Sequence[ConsentItem] = ()
    optional: Sequence[ConsentItem] = ()
    sensitive: Sequence[ConsentItem] = ()
    offline: bool = False
    problem: ConsentProblem | None = None
    policy_uri: str | None = None
    tos_uri: str | None = None
    other_device: OtherDeviceView | None = None
