"""Whose request it is behind proxies: what an unknown one writes into X-Forwarded-For is never believed."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from whatsapp.origin import client_address

TRUSTED = (ip_network("127.0.0.0/8"), ip_network("10.1.0.0/16"), ip_network("::1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", [], "127.0.0.1"),
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["198.51.100.7, 10.1.2.3"], "198.51.100.7"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:127.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["198.51.100.7, \x1b[2Jowned"], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("", ["198.51.100.7"], ""),
    ],
)
def test_only_a_trusted_proxy_says_who_asked(peer: str, forwarded: list[str], client: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == client
