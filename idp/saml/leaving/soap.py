"""Service providers that our server can tell (saml-bindings-2.0-os section 3.2)."""

from functools import partial
from typing import Final
from urllib.parse import urlsplit

from federation.fetch import Fetcher, FetchError
from federation.saml import logout, soap
from federation.saml.algorithms import NoCommonAlgorithm
from federation.saml.arriving import MESSAGE_BYTES, Unreadable, from_soap
from federation.saml.metadata.entity import Endpoint
from federation.saml.names import SUCCESS
from federation.saml.verifying import BadSignature, keys_of
from idp.leaving.messenger import Post, Way, time_left, why
from idp.login.party import SERVICE_PROVIDERS
from idp.saml.directory import ServiceProviders
from idp.saml.leaving import endpoints
from idp.saml.leaving.messages import Messages, kinds
from idp.saml.service_provider import ServiceProvider
from idp.storage.records.errors import RecordsUnavailable
from idp.storage.records.logouts import Duty
from idp.storage.state import StateUnavailable

_NO_METADATA: Final = "metadata_expired"


class ServiceProviderMessenger:
    """`idp.leaving.messenger.Messenger` for SAML."""

    def __init__(self, providers: ServiceProviders, messages: Messages, fetcher: Fetcher) -> None:
        self._providers = providers
        self._messages = messages
        self._fetcher = fetcher

    def way(self, duty: Duty) -> Way | None:
        """By SOAP where its metadata has that, and by the browser. Where the metadata has expired it is not told yet:
        a new copy may say where."""
        if not duty.client_id.startswith(SERVICE_PROVIDERS):
            return None
        provider = self._providers.known(duty.client_id)
        if provider is None:
            return None
        if not kinds(duty):
            return Way(provider.names)
        if self._providers.by_party(duty.client_id) is None:
            return Way(provider.names, Post(provider.entity.entity_id, lambda _: _NO_METADATA))
        soap_endpoint = endpoints.by_server(provider.entity)
        post = (
            Post(soap_endpoint.location, partial(self._deliver, provider, soap_endpoint, duty))
            if soap_endpoint
            else None
        )
        return Way(provider.names, post, visit=provider.enabled and endpoints.by_browser(provider.entity) is not None)

    def _deliver(self, provider: ServiceProvider, endpoint: Endpoint, duty: Duty, deadline: float) -> str | None:
        """Each name by which it knows the citizen is a request of its own. Why it failed, if it did."""
        try:
            failures = (self._ask(provider, endpoint, duty, kind, deadline) for kind in kinds(duty))
            return next((failure for failure in failures if failure), None)
        except (RecordsUnavailable, StateUnavailable):  # no key to sign with
            return "store_away"
        except NoCommonAlgorithm:
            return "no_algorithm"
        except FetchError as error:
            return why(error)

    def _ask(self, provider: ServiceProvider, endpoint: Endpoint, duty: Duty, kind: str, deadline: float) -> str | None:
        id_ = self._messages.new_id()
        envelope = self._messages.request_by_soap(provider, endpoint, duty, kind, id_)
        answer = self._fetcher.post_soap(
            endpoint.location, envelope.encode(), soap.ACTION, time_left(deadline), MESSAGE_BYTES
        )
        by_tls = urlsplit(endpoint.location).scheme == "https"
        return _refused(provider, answer.body, id_, by_tls) if answer.status == 200 else "status"


def _refused(provider: ServiceProvider, body: bytes, asked: str, by_tls: bool) -> str | None:
    """What is wrong with an answer, if it is not that service provider's yes to this very request. TLS proves who
    answers: Shibboleth relies on that and signs none of its own accord. An operator may allow plain HTTP, as on an
    intranet; nobody knows who answers there, unless the answer is signed. A signature that is there has to hold."""
    try:
        arrived = from_soap(body)
        rests_on_tls = by_tls and not arrived.has_signature
        proved = arrived.unproved() if rests_on_tls else arrived.proved(keys_of(provider.entity.keys, "signing"))
        response = logout.read_answer(proved)
    except Unreadable:
        return "malformed"
    except BadSignature:
        return "bad_signature"
    if response.issuer != provider.entity.entity_id or response.in_response_to != asked:
        return "other_answer"
    return None if response.status == SUCCESS else "refused"
