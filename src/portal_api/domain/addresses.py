"""Which addresses are of the public internet: what a webhook may be sent to.

One rule for registering an endpoint and for sending to it.
"""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that is handed out of IPv6 for one receiver anywhere."""
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")

_NEVER: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            # IANA's registry of special IPv4 addresses, as far as nobody is reached by them.
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",  # Two in it are global by name, and reach what is near: PCP and TURN.
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # Groups; the rest is reserved, or everybody here.
            "240.0.0.0/4",
            # Its registry of special IPv6 addresses, as far as that is inside of unicast.
            "2001::/23",  # Of protocols: Teredo, benchmarks, anycast of what is near, ORCHID.
            "2001:db8::/32",
            "2002::/16",  # A tunnel to the IPv4 address inside, as Teredo is.
            "3fff::/20",
        ),
    )
)
"""The whole list, since what Python knows differs by its version."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, for one receiver, and no way around it.

    An IPv4 address inside of an IPv6 one is judged itself, where it is what is reached by it.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(address.packed[-4:]))
        if address not in _UNICAST:
            return False
    return address.is_global and not any(address in network for network in _NEVER)
