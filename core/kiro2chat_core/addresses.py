"""Where a URL leads: its host is resolved once, what it resolves to is checked, and the connection goes there and nowhere else.

An address that somebody else chose may lead into the user's own network. A second answer of the name service has no say,
since it is never asked again; so neither proxies nor a client's own redirects may be used with this.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Mapping

import httpx

__all__ = ["AddressRefused", "PrivateAddress", "is_public", "request_to", "resolved"]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


class AddressRefused(Exception):
    """The message goes on after the name of what was asked for: "has a host that cannot be found"."""


class PrivateAddress(AddressRefused):
    """One of its addresses is not public."""


async def resolved(url: httpx.URL, *, private: bool = False) -> str:
    """The address to connect to. Every address of the name must be public, unless `private` allows all.

    Raises:
        AddressRefused: it holds a user name or no host, cannot be found, or leads into a private network.
    """
    if url.userinfo or not url.host:
        raise AddressRefused("must be an address without user name, with a host")
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(url.host, url.port or _PORTS.get(url.scheme, 0), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("has a host that cannot be found") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(map(is_public, addresses)):
        raise PrivateAddress("leads into a private network")
    return addresses[0]


def request_to(
    http: httpx.AsyncClient,
    address: str,
    method: str,
    url: httpx.URL,
    headers: Mapping[str, str],
    content: bytes | None = None,
) -> httpx.Request:
    """A request that connects to `address` and is in all else one to `url`: its Host header, its certificate."""
    return http.build_request(
        method,
        url.copy_with(host=address),
        headers={**headers, "host": url.netloc.decode("ascii")},
        content=content,
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
    )


_SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "64:ff9b:1::/48")))
"""Special by IANA's registries, and public to Pythons older than 3.11.10; one cloud has its metadata there."""


def is_public(text: str) -> bool:
    """Whether an address, without or with a zone, is one of the public network, also where it carries an IPv4 address."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.is_site_local:
            return False
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
