"""A citizen who came to a portal and has not left yet."""

from urllib.parse import urlencode

from werkzeug.test import TestResponse

from tests.support.provider import Person, Provider, Registered, Visitor, parameters


class SignedIn:
    """A citizen who is signed in at one portal, and what that portal holds. A visitor who is signed in already only
    agrees."""

    def __init__(
        self,
        provider: Provider,
        visitor: Visitor | None = None,
        person: Person | None = None,
        client: Registered | None = None,
    ) -> None:
        self.provider = provider
        self.client = client or provider.client()
        self.person = person or provider.citizen()
        self.visitor = visitor or provider.visitor()
        tokens = provider.token(self.client, self.client.exchange(self._arrive()["code"])).json
        self.id_token: str = tokens["id_token"]
        self.access_token: str = tokens["access_token"]

    def logout(self, **fields: str) -> TestResponse:
        return self.visitor.get("/logout?" + urlencode(fields))

    @property
    def still_in(self) -> bool:
        return self.provider.userinfo(self.access_token).status_code == 200

    def _arrive(self) -> dict[str, str]:
        page = self.visitor.authorize(self.client)
        if page.request.path == "/login":
            page = self.visitor.password(page, self.person)
        if page.status_code == 200:
            page = self.visitor.allow(page)
        return parameters(page.location)
