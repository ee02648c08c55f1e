"""What a session leaves behind for who tells relying parties that it ended."""

from idp.codec import decode
from idp.logouts import owed
from idp.sessions import Head, Session, duties, leg_field
from idp.storage.state import Key


def test_a_duty_says_by_which_kinds_of_names_the_party_knows_the_citizen() -> None:
    """A `LogoutRequest` has to name him as his sign-in did (saml-core-2.0-os section 3.7.3)."""
    fields = [
        leg_field("sp-1", "t.0123"),
        leg_field("sp-1", "p.4567"),
        leg_field("sp-1", "p.89ab"),
        leg_field("sp-2", "t.0123"),
        leg_field("portal", "0123"),
    ]
    head = Head("ada", "l" * 64, 0, 1, ("pwd",), 10)
    session = Session(Key("0", "session", "s" * 64), head, dict.fromkeys(fields, b"{}"))
    found = {duty.client_id: duty.detail for duty in duties(session, "signed_out", 5)}
    assert found == {"sp-1": "p.t", "sp-2": "t", "portal": ""}


def test_the_duty_stands_in_the_trail_with_them() -> None:
    head = Head("somebody-else-0001", "ab" * 32, 0, 1, ("pwd",), 10)
    for name, told in ((leg_field("sp-1", "t.0123"), "t"), (leg_field("portal", "0123"), None)):
        [duty] = duties(Session(Key("0", "session", "cd" * 32), head, {name: b"{}"}), "signed_out", 5)
        assert decode(owed(duty, 5.0, 10), dict[str, object]).get("detail") == told
