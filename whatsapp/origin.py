"""Where a request comes from, seen through reverse proxies: only what a trusted one says is believed."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The nearest address that is no trusted proxy: `peer` itself, or what the proxies wrote in X-Forwarded-For.

    `forwarded` are that header's values as they came: the last address is the nearest. What the client wrote into it
    himself stands before that and is never reached.
    """
    seen = [peer, *(part.strip() for value in reversed(forwarded) for part in reversed(value.split(",")))]
    nearest = peer
    for text in seen:
        address = _read(text)
        if address is None:
            break
        nearest = str(address)
        if not any(address in network for network in trusted):
            break
    return nearest


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
