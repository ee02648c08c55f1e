"""F. RT-after-password-change: whoever knew the password before keeps nothing that it opened (RFC 9700 section 4.14.2).

What the counter's new password ends, and that the portals are told: `tests/unit/test_cli_credentials.py`.
"""

from idp.sessions import owner_key
from tests.support.answers import token_refused
from tests.support.cookies import cookie
from tests.support.known import acquainted
from tests.support.provider import Provider

SCOPE = "openid profile offline_access"
NEW = "Zhu-Lin-7-Xian-river"


def test_f_rt_after_password_change_sessions_tokens_and_families_end(provider: Provider) -> None:
    known = acquainted(provider, scope=SCOPE)
    services, person = provider.services, known.person
    held = known.tokens(scope=SCOPE)
    services.citizens.set_password_hash(person.citizen.id, services.passwords.hash(person.password), must_change=True)
    elsewhere = provider.visitor("198.51.100.7")
    page = elsewhere.password(elsewhere.authorize(known.client), person)
    assert provider.userinfo(held["access_token"]).status_code == 200
    elsewhere.submit(page, "new_password", new_password=NEW, new_password_again=NEW)
    assert provider.userinfo(held["access_token"]).status_code == 401
    again = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}
    token_refused(provider.token(known.client, again), "invalid_grant")
    assert services.sessions.load(cookie(known.visitor) or "") is None
    assert services.sessions.load(cookie(elsewhere) or "") is not None
    assert len(services.state.sessions_of(owner_key(person.citizen.id))) == 1
