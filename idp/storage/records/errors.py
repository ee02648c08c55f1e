"""What the records raise. Driver errors never leave this package, since their text may quote values."""


class RecordsError(Exception):
    """Base of what the records raise."""


class RecordsUnavailable(RecordsError):
    """The database cannot be reached or did not answer in time. What was asked may or may not have happened."""


class NotFound(RecordsError):
    """There is no such record, or not in the state that was asked for."""


class Changed(RecordsError):
    """Another caller changed the record first."""


class IdentifierTaken(RecordsError):
    """Another citizen has this identifier now. `kind` is `number` or `phone`."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind} is taken")
        self.kind = kind
