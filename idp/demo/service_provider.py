"""A portal's SAML side, on python3-saml: signed requests by redirect, encrypted assertions by POST, single logout by
redirect; every answer proved. The library leaves to its user what `_Answer` and `ServiceProvider` ask for beside it.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.idp_metadata_parser import OneLogin_Saml2_IdPMetadataParser
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from idp.clock import Clock
from idp.demo.logout_token import Departure
from idp.demo.portal_settings import SamlSettings
from idp.demo.refusals import ProviderSilent, Refused, Unproved
from idp.demo.themes import BY_KEY, CITIZEN_ID, NAME, AsksBySaml
from idp.demo.visitors import SignedIn
from idp.demo.words import CHINESE

PROVIDER_SECONDS: Final = 10
"""How long the portal waits for the provider."""
METADATA_SECONDS: Final = 600
"""How long the provider's metadata is used before it is fetched again: its keys change."""
ACS, SLO, METADATA = "/saml/acs", "/saml/slo", "/saml/metadata"
SURE: Final = ["urn:citizen-idp:aal:2"]
_STATUS: Final = "urn:oasis:names:tc:SAML:2.0:status:"
_CODES: Final = {f"{_STATUS}RequestDenied": "access_denied", f"{_STATUS}NoAuthnContext": "no_level"}

_URI: Final = Names.ATTRNAME_FORMAT_URI
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

T = TypeVar("T")


class ServiceProvider:
    """The portal's side of SAML: beginning and finishing a sign-in, signing out, and being told of one."""

    def __init__(self, settings: SamlSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._idp: Mapping[str, Any] = {}
        self._idp_until = 0.0

    def begin(self, sure: bool) -> tuple[str, str]:
        """The address to go to, and the id of the request. `sure`: not without a one-time code. Raises
        `ProviderSilent`."""
        asked = {"requestedAuthnContext": SURE, "requestedAuthnContextComparison": "minimum"} if sure else {}
        auth = OneLogin_Saml2_Auth(self._request("/login"), self._known(asked))
        return auth.login(return_to="/", set_nameid_policy=False), auth.get_last_request_id()

    def finish(self, saml_response: str) -> tuple[str, SignedIn]:
        """Prove the provider's answer (saml-profiles-2.0-os section 4.1.4.3): to which request it is, and of whom.
        Raises `Refused` or `ProviderSilent`."""
        known = self._known()
        answer = _proved(lambda: _Answer(known, saml_response))
        request_id = _proved(answer.get_in_response_to)
        if not request_id:
            raise Unproved("nobody asked for it")
        detail = _proved(answer.detail)
        if detail is not None:
            raise Refused(_CODES.get(detail, "other"), "the provider's answer")
        _proved(lambda: answer.is_valid(self._request(ACS), request_id, raise_exceptions=True))
        return request_id, _proved(lambda: _signed_in(answer))

    def leave(self, citizen: SignedIn) -> tuple[str, str]:
        """The address to go to for single logout, and the id of the request. Raises `ProviderSilent`."""
        known = self._known()
        auth = OneLogin_Saml2_Auth(self._request("/logout"), known)
        address = auth.logout(
            return_to="/",
            name_id=citizen.sub,
            session_index=citizen.sid,
            nq=citizen.hint,
            name_id_format=Names.NAMEID_TRANSIENT,
            spnq=known.get_sp_data()["entityId"],
        )
        return address, auth.get_last_request_id()

    def prove_left(self, query: Mapping[str, str], query_string: str, request_id: str) -> bool:
        """The answer to a sign-out that began here: whether all the others have confirmed it. Raises `Refused` if it is
        no such answer."""
        auth = OneLogin_Saml2_Auth(self._request(SLO, query, query_string), self._known())
        _proved(lambda: auth.process_slo(keep_local_session=True, request_id=request_id))
        if auth.get_errors() not in ([], ["logout_not_success"]):
            raise Unproved(auth.get_errors()[0])
        return _proved(lambda: _codes(auth.get_last_response_xml())) == [Names.STATUS_SUCCESS]

    def departures(self, query: Mapping[str, str], query_string: str) -> tuple[list[Departure], str]:
        """The provider says that a citizen has signed out elsewhere: which sign-ins have ended, and the address that
        takes the browser back with our answer. Raises `Refused` or `ProviderSilent`."""
        auth = OneLogin_Saml2_Auth(self._request(SLO, query, query_string), self._known())
        back = _proved(lambda: auth.process_slo(keep_local_session=True))
        if auth.get_errors():
            raise Unproved(auth.get_errors()[0])
        told = auth.get_last_request_xml()
        name_id = _proved(lambda: OneLogin_Saml2_Logout_Request.get_nameid(told))
        indexes = _proved(lambda: OneLogin_Saml2_Logout_Request.get_session_indexes(told))
        return [Departure(sub=name_id, sid=index) for index in indexes or [None]], back

    def _request(self, path: str, query: Mapping[str, Any] = NOTHING, query_string: str = "") -> dict[str, Any]:
        """What the library wants to know of a request. Our address is the registered one, whatever a header says."""
        own = urlsplit(self._settings.url)
        return {
            "https": "on" if own.scheme == "https" else "off",
            "http_host": own.netloc,
            "script_name": path,
            "get_data": dict(query),
            "post_data": {},
            "query_string": query_string,
            "validate_signature_from_qs": True,
        }

    def _known(self, asked: Mapping[str, Any] = NOTHING) -> OneLogin_Saml2_Settings:
        with self._lock:
            if self._idp_until <= self._clock.now():
                self._idp = _fetched(self._settings.issuer)
                self._idp_until = self._clock.now() + METADATA_SECONDS
        told = described(self._settings)
        return OneLogin_Saml2_Settings(told | {"idp": self._idp, "security": told["security"] | asked})


class _Answer(OneLogin_Saml2_Response):  # type: ignore[misc]  # python3-saml ships no types
    """A Response of which two things more are asked than the library tells."""

    def detail(self) -> str | None:
        """The second-level status, or the first where there is none; None of a success."""
        codes = _codes(self.document)
        return None if codes[0] == Names.STATUS_SUCCESS else codes[-1]

    def authn_instant(self) -> int:
        """When the citizen signed in, in seconds since the epoch."""
        (statement,) = self._query_assertion("/saml:AuthnStatement")
        return int(datetime.fromisoformat(statement.get("AuthnInstant")).timestamp())


def _codes(document: Any) -> list[str]:
    """The status of a response, and the one beneath it, if there is one."""
    status = "/*/samlp:Status/samlp:StatusCode/descendant-or-self::samlp:StatusCode"
    return [each.get("Value", "") for each in OneLogin_Saml2_XML.query(OneLogin_Saml2_XML.to_etree(document), status)]


def _signed_in(answer: _Answer) -> SignedIn:
    """Of an answer that was proved."""
    attributes: Mapping[str, list[str]] = answer.get_attributes()
    return SignedIn(
        sub=answer.get_nameid(),
        sid=answer.get_session_index() or "",
        acr=next(iter(answer.get_authn_contexts()), ""),
        auth_time=answer.authn_instant(),
        name=attributes.get(NAME, [""])[0],
        citizen_id_number=attributes.get(CITIZEN_ID, [None])[0],
        phone_number=None,
        hint=answer.get_nameid_nq() or "",
    )


def described(settings: SamlSettings) -> dict[str, Any]:
    """The portal itself, in the library's words."""
    theme, url = BY_KEY[settings.theme], settings.url
    attributes = theme.asks.attributes if isinstance(theme.asks, AsksBySaml) else ()
    return {
        "strict": True,
        "sp": {
            "entityId": f"{url}{METADATA}",
            "assertionConsumerService": {"url": f"{url}{ACS}", "binding": Names.BINDING_HTTP_POST},
            "singleLogoutService": {"url": f"{url}{SLO}", "binding": Names.BINDING_HTTP_REDIRECT},
            "attributeConsumingService": {
                "index": "1",
                "serviceName": theme.office.said_in(CHINESE),
                "serviceDescription": theme.purpose.said_in(CHINESE),
                "requestedAttributes": [
                    {
                        "name": name,
                        "friendlyName": friendly,
                        "nameFormat": Names.ATTRNAME_FORMAT_URI,
                        "isRequired": True,
                    }
                    for name, friendly in attributes
                ],
            },
            "NameIDFormat": Names.NAMEID_TRANSIENT,
            "x509cert": settings.certificate,
            "privateKey": settings.private_key,
        },
        "security": {
            "authnRequestsSigned": True,
            "logoutRequestSigned": True,
            "logoutResponseSigned": True,
            "wantMessagesSigned": True,
            "wantAssertionsEncrypted": True,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
        },
    }


def metadata(settings: SamlSettings) -> bytes:
    """What the portal registers with (saml-metadata-2.0-os)."""
    told: str | bytes = OneLogin_Saml2_Settings(described(settings), sp_validation_only=True).get_sp_metadata()
    return told.encode() if isinstance(told, str) else told


def _fetched(issuer: str) -> Mapping[str, Any]:
    """The provider as its metadata describes it. Raises `ProviderSilent`."""
    entity_id = f"{issuer}/saml/metadata"
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(entity_id, timeout=PROVIDER_SECONDS, allow_redirects=False)
        answer.raise_for_status()
        idp: Mapping[str, Any] = OneLogin_Saml2_IdPMetadataParser.parse(answer.content)["idp"]
    except Exception as error:
        raise ProviderSilent(type(error).__name__) from error
    if idp.get("entityId") != entity_id:
        raise ProviderSilent("the metadata is of another provider")
    return idp


def _proved(work: Callable[[], T]) -> T:
    """Whatever the library makes of hostile input becomes a refusal: it raises errors of several packages."""
    try:
        return work()
    except Refused:
        raise
    except Exception as error:
        raise Unproved(f"{type(error).__name__} {getattr(error, 'code', '')}".strip()) from error
