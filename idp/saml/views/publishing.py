"""/saml/metadata."""

from typing import Final

from flask import Blueprint, Response, request

from idp.http import Web
from idp.saml.addresses import METADATA
from idp.saml.own_metadata import CONTENT_TYPE, OwnMetadata

_FRESH_SECONDS: Final = 300


class MetadataView:
    def __init__(self, web: Web, metadata: OwnMetadata) -> None:
        self._web = web
        self._metadata = metadata

    def blueprint(self) -> Blueprint:
        routes = Blueprint("saml_metadata", __name__)
        routes.add_url_rule(METADATA, METADATA, self.show, methods=["GET"])
        return routes

    def show(self) -> Response:
        """The document, or 304 for whoever has it already (RFC 9110 section 13.1.2)."""
        published = self._metadata.published()
        response = self._web.hardened(Response(published.document, content_type=CONTENT_TYPE))
        response.headers["Cache-Control"] = f"public, max-age={_FRESH_SECONDS}"
        response.set_etag(published.etag)
        response.make_conditional(request)  # which changes it
        return response
