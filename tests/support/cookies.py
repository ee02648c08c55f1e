"""What a browser holds, what a thief would do with it, and what a portal learns without a question."""

from tests.support.provider import Provider, Registered, Visitor

SESSION = "__Host-idp-session"
BROWSER = "__Host-idp-browser"


def cookie(visitor: Visitor, name: str = SESSION) -> str | None:
    found = visitor.http.get_cookie(name, "id.example")
    return found.value if found else None


def with_session(provider: Provider, handle: str) -> Visitor:
    """Another browser that has come by a session cookie."""
    thief = provider.visitor("198.51.100.7")
    thief.http.set_cookie(SESSION, handle, domain="id.example", secure=True)
    return thief


def silent(visitor: Visitor, client: Registered, **changes: str | None) -> dict[str, str]:
    return visitor.hop(client, prompt="none", **changes)
