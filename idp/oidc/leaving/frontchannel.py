"""Front-Channel Logout 1.0: relying parties that can end their session only in the browser where it is.

Our signed-out page loads the address of each in a frame that nobody sees. What comes of it nobody learns, and a browser
that keeps cookies from frames of other sites (most do) ends nothing: the back channel is the better one.
"""

from urllib.parse import urlencode

from idp.oidc.clients.client import Client


def frame(issuer: str, client: Client, sid: str) -> str | None:
    """The address to load (section 2), if the client has one. A disabled client has no place on our page."""
    uri = client.frontchannel_logout_uri
    if uri is None or not client.enabled:
        return None
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode({'iss': issuer, 'sid': sid})}"
