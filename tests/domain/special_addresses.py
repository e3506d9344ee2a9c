"""The blocks of addresses that are special, as IANA keeps them.

Source: the registries "IANA IPv4 Special-Purpose Address Registry" and "IANA IPv6 Special-Purpose
Address Registry" (www.iana.org/assignments/iana-ipv4-special-registry and
.../iana-ipv6-special-registry), which RFC 6890 began; and, for groups and what is deprecated, RFC
5771, RFC 4291 and RFC 3879.
"""

from typing import Final

NOT_GLOBAL: Final = {
    "0.0.0.0/8": "This network",
    "10.0.0.0/8": "Private use",
    "100.64.0.0/10": "Shared address space",
    "127.0.0.0/8": "Loopback",
    "169.254.0.0/16": "Link local",
    "172.16.0.0/12": "Private use",
    "192.0.0.0/24": "IETF protocol assignments",
    "192.0.0.0/29": "IPv4 service continuity prefix",
    "192.0.0.8/32": "IPv4 dummy address",
    "192.0.0.170/32": "NAT64/DNS64 discovery",
    "192.0.0.171/32": "NAT64/DNS64 discovery",
    "192.0.2.0/24": "Documentation (TEST-NET-1)",
    "192.88.99.0/24": "Deprecated: 6to4 relay anycast",
    "192.168.0.0/16": "Private use",
    "198.18.0.0/15": "Benchmarking",
    "198.51.100.0/24": "Documentation (TEST-NET-2)",
    "203.0.113.0/24": "Documentation (TEST-NET-3)",
    "240.0.0.0/4": "Reserved",
    "255.255.255.255/32": "Limited broadcast",
    "224.0.0.0/4": "Multicast (RFC 5771)",
    "::/128": "Unspecified address",
    "::1/128": "Loopback address",
    "::/96": "Deprecated: IPv4-compatible (RFC 4291)",
    "64:ff9b:1::/48": "IPv4-IPv6 translation, local",
    "100::/64": "Discard-only",
    "100:0:0:1::/64": "Dummy IPv6 prefix",
    "2001::/23": "IETF protocol assignments",
    "2001::/32": "Teredo",
    "2001:2::/48": "Benchmarking",
    "2001:10::/28": "Deprecated: ORCHID",
    "2001:db8::/32": "Documentation",
    "2002::/16": "6to4",
    "3fff::/20": "Documentation",
    "5f00::/16": "Segment routing (SRv6) SIDs",
    "fc00::/7": "Unique local",
    "fe80::/10": "Link-local unicast",
    "fec0::/10": "Deprecated: site local (RFC 3879)",
    "ff00::/8": "Multicast (RFC 4291)",
}
"""What is not globally reachable, or (Teredo, 6to4, ORCHID) is a way to something else."""

NEAR: Final = {
    "192.0.0.9/32": "Port control protocol anycast",
    "192.0.0.10/32": "TURN anycast",
    "2001:1::1/128": "Port control protocol anycast",
    "2001:1::2/128": "TURN anycast",
    "2001:1::3/128": "DNS-SD service registration anycast",
    "2001:3::/32": "AMT",
    "2001:4:112::/48": "AS112-v6",
    "2001:20::/28": "ORCHIDv2",
    "2001:30::/28": "Drone remote id",
}
"""Globally reachable by the registry, but inside of protocols' blocks: no receiver is there."""

GLOBAL: Final = {
    "192.31.196.0/24": "AS112-v4",
    "192.52.193.0/24": "AMT",
    "192.175.48.0/24": "Direct delegation AS112 service",
    "2620:4f:8000::/48": "Direct delegation AS112 service",
}
"""Globally reachable, special only in who answers there."""
