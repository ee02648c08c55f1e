"""The two ways in which a portal's talk with the provider fails. The texts are for the log and quote nothing."""


class Refused(Exception):
    """What was presented is not accepted. `code` is a registered OAuth error, `unproved` for what does not
    hold, or `no_level` where the citizen cannot sign in as surely as was asked."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


class Unproved(Refused):
    """An answer or a token breaks a rule; `rule` names it."""

    def __init__(self, rule: str) -> None:
        super().__init__("unproved", rule)


class ProviderSilent(Exception):
    """The provider cannot be reached, or does not speak as it should."""
