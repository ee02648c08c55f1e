"""Which addresses outgoing calls may reach: those of the public internet, by a list of our own.

The list is written out, because what `ipaddress` calls global has changed between Python releases.
"""

import ipaddress
from typing import Final

IPv4 = ipaddress.IPv4Network
IPv6 = ipaddress.IPv6Network

_NOT_PUBLIC_V4: Final = tuple(
    IPv4(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # shared by carriers (RFC 6598); holds a cloud's metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's own services behind a public address
        "169.254.0.0/16",  # link-local; holds the metadata service of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_GLOBAL_V6: Final = IPv6("2000::/3")
"""All that is assigned for the public internet; mapped, compatible, NAT64, unique local and link-local lie outside."""
_NOT_PUBLIC_V6: Final = tuple(
    IPv6(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries an IPv4 address
        "3fff::/20",  # documentation
    )
)


class ForbiddenAddress(ValueError):
    """The address is not one of the public internet."""


def public(address: str) -> str:
    """The address, in canonical form, proved to be of the public internet. Raises `ForbiddenAddress`."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise ForbiddenAddress("not an address") from None
    if isinstance(parsed, ipaddress.IPv4Address):
        if any(parsed in network for network in _NOT_PUBLIC_V4):
            raise ForbiddenAddress("not a public IPv4 address")
    elif parsed.scope_id or parsed not in _GLOBAL_V6 or any(parsed in network for network in _NOT_PUBLIC_V6):
        raise ForbiddenAddress("not a public IPv6 address")
    return str(parsed)
