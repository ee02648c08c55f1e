"""The parts of the OIDC front door put together over the services, each made once, when it is first asked for."""

from collections.abc import Sequence
from functools import cached_property

from federation.fetch import Fetcher
from idp.http import CrossOrigin, Failing, Web
from idp.leaving.telling import Telling
from idp.leaving.views import Parting
from idp.login.party import RelyingParty
from idp.login.settling import Settling
from idp.login.transaction import Transactions
from idp.oidc.authorization.authorize import AuthorizationEndpoint
from idp.oidc.authorization.jar import RequestObjects
from idp.oidc.authorization.jarm import AuthorizationAnswers
from idp.oidc.authorization.par import Incoming, PushedRequestEndpoint, PushedRequests
from idp.oidc.clients.assertion import Assertions
from idp.oidc.clients.client_auth import ClientAuthentication
from idp.oidc.clients.client_keys import ClientKeys
from idp.oidc.clients.mtls import Certificates
from idp.oidc.clients.origins import Origins
from idp.oidc.envelope import Envelopes
from idp.oidc.grants.authorization_code import AuthorizationCodeGrant
from idp.oidc.grants.client_credentials import ClientCredentialsGrant
from idp.oidc.grants.refresh_token import RefreshTokenGrant
from idp.oidc.grants.token_exchange import TokenExchangeGrant
from idp.oidc.introspect import IntrospectionEndpoint
from idp.oidc.leaving.logout import IdTokenHints, SigningOut
from idp.oidc.leaving.parts import LeavingParts
from idp.oidc.register import InitialTokens, RegistrationEndpoint
from idp.oidc.resources.reach import Reaching
from idp.oidc.revoke import RevocationEndpoint
from idp.oidc.side_door import SideDoor
from idp.oidc.subjects import Subjects
from idp.oidc.token import Grant, TokenEndpoint
from idp.oidc.tokens.access import AccessTokens
from idp.oidc.tokens.dpop import Nonces, Proofs
from idp.oidc.tokens.families import Families
from idp.oidc.tokens.presentation import Presentation
from idp.oidc.tokens.redemption import Redemption
from idp.oidc.tokens.resource_tokens import ResourceTokens
from idp.oidc.tokens.tokens import TokenIssuer
from idp.oidc.userinfo import UserinfoEndpoint
from idp.oidc.views.calling import ApiViews, Endpoints
from idp.oidc.views.leaving import LogoutViews
from idp.pace import Pace
from idp.services import Services


class FrontDoor:
    def __init__(self, services: Services, leaving: LeavingParts) -> None:
        self._services = services
        self._settings = services.settings
        self._leaving = leaving

    # -- what several endpoints share ---------------------------------------------------------------------------------

    @property
    def subjects(self) -> Subjects:
        return self._leaving.subjects

    @cached_property
    def hints(self) -> IdTokenHints:
        return IdTokenHints(self._settings.issuer, self._services.keys)

    @property
    def fetcher(self) -> Fetcher:
        return self._leaving.fetcher

    @property
    def client_keys(self) -> ClientKeys:
        return self._leaving.client_keys

    @cached_property
    def issuer(self) -> TokenIssuer:
        lifetimes = self._settings.lifetimes
        return TokenIssuer(
            self.envelopes,
            self.subjects,
            self._services.clock,
            lifetimes.access_token_seconds,
            lifetimes.id_token_seconds,
        )

    @property
    def envelopes(self) -> Envelopes:
        return self._leaving.envelopes

    @cached_property
    def access_tokens(self) -> AccessTokens:
        services = self._services
        seconds = self._settings.lifetimes.access_token_seconds
        return AccessTokens(services.state, services.directory, self.subjects, services.clock, seconds)

    @cached_property
    def reaching(self) -> Reaching:
        return Reaching(self._settings.issuer, self._services.resource_directory)

    def party(self, client_id: str) -> RelyingParty | None:
        """A client as the citizen meets it, enabled or not."""
        client = self._services.directory.get(client_id)
        return self.reaching.party(client, client.party) if client else None

    @cached_property
    def resource_tokens(self) -> ResourceTokens:
        services = self._services
        return ResourceTokens(
            self._settings.issuer,
            services.state,
            services.directory,
            services.resource_directory,
            services.keys,
            self.subjects,
            services.clock,
            services.randomness,
            self._settings.lifetimes.access_token_seconds,
        )

    @cached_property
    def families(self) -> Families:
        lifetimes = self._settings.lifetimes
        return Families(
            self._services.records.families,
            self._services.state,
            self.access_tokens,
            self._services.clock,
            self._services.randomness,
            lifetimes.refresh_seconds,
            lifetimes.refresh_idle_seconds,
            lifetimes.refresh_grace_seconds,
        )

    @cached_property
    def redemption(self) -> Redemption:
        services = self._services
        return Redemption(
            services.state,
            services.citizens,
            self.access_tokens,
            self.families,
            self.issuer,
            self.subjects,
            self.reaching,
            self.resource_tokens,
            services.randomness,
        )

    @cached_property
    def authentication(self) -> ClientAuthentication:
        services = self._services
        pace = Pace(services.clock, self._settings.client_rate)
        assertions = Assertions(
            self.client_keys, services.client_secrets, services.state, services.clock, self._origins
        )
        certificates = Certificates(self.client_keys)
        return ClientAuthentication(services.directory, assertions, certificates, services.state, services.clock, pace)

    @cached_property
    def nonces(self) -> Nonces:
        return Nonces(self._services.secret("dpop-nonces"), self._services.clock)

    @cached_property
    def proofs(self) -> Proofs:
        return Proofs(self._origins, self.nonces, self._services.state, self._services.clock)

    @property
    def _origins(self) -> tuple[str, ...]:
        """What our addresses begin with: the issuer, and where certificates are asked for."""
        mutual_tls = self._settings.mutual_tls
        return (self._settings.issuer, *((mutual_tls.origin,) if mutual_tls and mutual_tls.origin else ()))

    @cached_property
    def incoming(self) -> Incoming:
        services = self._services
        objects = RequestObjects(
            services.directory, self.client_keys, services.keys, services.clock, self._settings.issuer
        )
        return Incoming(PushedRequests(services.state, services.randomness), objects, self.hints, self.reaching)

    @cached_property
    def side_door(self) -> SideDoor:
        return SideDoor(
            self._services,
            self.authentication,
            self.client_keys,
            self.hints,
            self.subjects,
            self.reaching,
            self.fetcher,
        )

    # -- the endpoints ------------------------------------------------------------------------------------------------

    def authorization(self, transactions: Transactions, settling: Settling) -> AuthorizationEndpoint:
        services = self._services
        return AuthorizationEndpoint(
            services.engine,
            services.directory,
            services.state,
            services.sessions,
            transactions,
            settling,
            self.subjects,
            self.incoming,
            AuthorizationAnswers(self._settings.issuer, self.envelopes, services.clock),
            services.clock,
            services.randomness,
            self._settings.lifetimes.code_seconds,
        )

    def api(self, web: Web, failing: Failing) -> ApiViews:
        services = self._services
        endpoints = Endpoints(
            token=TokenEndpoint(
                self.authentication, self.proofs, self.envelopes, self._grants(), services.state, services.clock
            ),
            userinfo=UserinfoEndpoint(
                services.engine,
                self.access_tokens,
                services.citizens,
                self.envelopes,
                Presentation(self.proofs, services.state),
            ),
            revocation=RevocationEndpoint(self.authentication, self.access_tokens, self.resource_tokens, self.families),
            introspection=IntrospectionEndpoint(
                self._settings.issuer,
                self.authentication,
                self.access_tokens,
                self.resource_tokens,
                self.subjects,
                services.citizens,
                self.envelopes,
                services.clock,
            ),
            pushed=PushedRequestEndpoint(
                self.authentication, self.proofs, services.directory, self.incoming, services.state, services.clock
            ),
            registration=self._registration(),
            device=self.side_door.device(),
            ciba=self.side_door.ciba(),
        )
        cross_origin = CrossOrigin(Origins(services.records.clients, services.versions))
        return ApiViews(
            web,
            failing,
            cross_origin,
            endpoints,
            services.engine,
            services.keys,
            self.nonces,
            services.randomness,
        )

    def logout(self, web: Web, transactions: Transactions, telling: Telling, parting: Parting) -> LogoutViews:
        services = self._services
        signing_out = SigningOut(services.directory, self.hints, services.sessions, self.subjects, telling)
        return LogoutViews(web, signing_out, services.sessions, services.citizens, transactions, parting)

    def _grants(self) -> Sequence[Grant]:
        services = self._services
        return (
            AuthorizationCodeGrant(
                services.state, self.redemption, self.families, services.clock, self.access_tokens.seconds
            ),
            RefreshTokenGrant(
                services.citizens,
                services.records.consents,
                self.access_tokens,
                self.families,
                self.issuer,
                self.reaching,
                self.resource_tokens,
                services.randomness,
            ),
            ClientCredentialsGrant(services.resource_directory, self.resource_tokens),
            TokenExchangeGrant(services.resource_directory, self.resource_tokens, services.citizens),
            *self.side_door.grants(self.redemption),
        )

    def _registration(self) -> RegistrationEndpoint:
        services = self._services
        return RegistrationEndpoint(
            self._settings.issuer,
            self._settings.registration,
            self._settings.pkce == "required",
            services.clients,
            InitialTokens(services.state, services.randomness),
            services.state,
            services.clock,
        )
