"""The front door has a word of its protocol for each way in which a sign-in can refuse."""

from idp.login.door import Refusal
from idp.oidc.authorization.authorize import REFUSALS


def test_every_refusal_has_an_error_of_its_own() -> None:
    assert set(REFUSALS) == set(Refusal)
    alike = {Refusal.STRANGER}  # no client can ask for what ends so
    assert len({REFUSALS[each].code for each in set(Refusal) - alike}) == len(set(Refusal) - alike)
