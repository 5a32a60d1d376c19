"""Where requests may go: https to the hosts of a description, and to addresses of the public internet only."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence

import httpx2

from sources.description import SourceDescription
from sources.web.errors import NotPublic, Refused

Resolver = Callable[[str], Sequence[str]]
"""Gives the addresses of a host name as text; raises `OSError` when there are none."""

_LONGEST = 8_192
_NEVER_IN_A_URL = re.compile(r"[\x00-\x1f\x7f\\]")
_IP = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_NOT_PUBLIC = (
    ipaddress.IPv4Network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.IPv6Network("fec0::/10"),  # addresses of a site, withdrawn but still routed in some
    ipaddress.IPv6Network("::/96"),  # IPv4 in IPv6, withdrawn
)


class AllowedHosts:
    """The hosts of one description."""

    def __init__(self, description: SourceDescription) -> None:
        self._source_id = description.id
        self._paths = {host.host: host.paths for host in description.hosts}

    def check(self, url: str) -> str:
        """Return an address in the form in which it is sent: absolute, https, without fragment.

        Raises:
            Refused: `host_not_allowed` for everything else than https to a host (and a path) of the description, on its usual port and
                without a user name.
        """
        parsed = self._parse(url)
        if parsed.scheme != "https":
            raise self._refused(url, "only https is used")
        if parsed.userinfo or "@" in parsed.netloc.decode("ascii", "replace"):
            raise self._refused(url, "an address with a user name or password is not used")
        if parsed.port not in (None, 443):
            raise self._refused(url, f"port {parsed.port} is not used")
        host = parsed.raw_host.decode("ascii", "replace").lower()
        if host not in self._paths:
            raise self._refused(url, f"the host {host or '(none)'} is not among the hosts of {self._source_id}")
        if any(part in (".", "..") for part in re.split(r"[/\\]", parsed.path)):
            raise self._refused(url, "a path with . or .. is not used")
        raw_path = parsed.raw_path.decode("ascii", "replace")
        allowed = self._paths[host]
        if allowed and raw_path != "/robots.txt" and not raw_path.startswith(allowed):
            raise self._refused(url, f"the path is not among the paths of {host} in {self._source_id}")
        return f"https://{host}{raw_path}"

    def follow(self, url: str, location: str) -> str:
        """Return where a redirect leads, checked; http of an allowed host is asked by https instead.

        Raises:
            Refused: as `check` does.
        """
        if not location or _NEVER_IN_A_URL.search(location):
            raise self._refused(url, f"redirected to {location[:200]!r}, which is no address")
        try:
            target = httpx2.URL(url).join(location)
            if target.scheme == "http" and target.port in (None, 80):
                target = target.copy_with(scheme="https", port=None)
        except (httpx2.InvalidURL, ValueError):
            raise self._refused(url, f"redirected to {location[:200]!r}, which is no address") from None
        return self.check(str(target))

    def _parse(self, url: str) -> httpx2.URL:
        if len(url) > _LONGEST or _NEVER_IN_A_URL.search(url):
            raise self._refused(url[:200], "this is no usable address")
        try:
            return httpx2.URL(url)
        except (httpx2.InvalidURL, ValueError):
            raise self._refused(url, "this is no usable address") from None

    def _refused(self, url: str, detail: str) -> Refused:
        return Refused("host_not_allowed", url, detail)


def resolve(host: str) -> list[str]:
    """Look a host name up; raises `OSError` when that fails."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]


def public_addresses(host: str, resolver: Resolver) -> list[str]:
    """Return the addresses of a host, all of them public.

    One address that is not makes the whole answer untrustworthy: it may be meant to lead a program into the network it runs in.

    Raises:
        NotPublic: when any address is not of the public internet.
        OSError: when the name has no address.
    """
    addresses = list(dict.fromkeys(resolver(host)))
    for address in addresses:
        if not is_public(address):
            raise NotPublic(f"https://{host}", f"its name leads to {address}, which is not of the public internet")
    if not addresses:
        raise OSError(f"{host} has no address")
    return addresses


def is_public(address: str) -> bool:
    """Say whether an address (as text) is of the public internet, those within others (IPv4 in IPv6, 6to4, Teredo, NAT64) included."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = _inner(parsed)
    if inner:
        return all(_is_public(one) for one in inner)
    return _is_public(parsed)


def _is_public(address: _IP) -> bool:
    return not (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or not address.is_global
        or any(address.version == network.version and address in network for network in _NOT_PUBLIC)
    )


def _inner(address: _IP) -> tuple[ipaddress.IPv4Address, ...]:
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if any(address in network for network in _NAT64):
        return (ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF),)
    return ()
