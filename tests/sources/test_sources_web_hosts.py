"""No address outside the hosts of a description is ever asked for, whatever it looks like, and no name that leads into a private network."""

from __future__ import annotations

import ipaddress
import string
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.description import Host
from sources.web.errors import Refused
from sources.web.hosts import AllowedHosts, is_public, public_addresses
from tests.sources.loopback import describe

HOSTS = AllowedHosts(describe("api.example.org", "files.example.org"))
ALLOWED = {"api.example.org", "files.example.org"}


def is_within(url: str) -> bool:
    """Judges by two readers of addresses that share no code."""
    one, other = httpx2.URL(url), urlsplit(url)
    assert one.raw_host.decode() == (other.hostname or "")
    return (
        one.scheme == other.scheme == "https"
        and other.hostname in ALLOWED
        and one.port is None
        and other.port is None
        and "@" not in other.netloc
    )


PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "file://",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "#",
        "?",
        "%2f",
        "%40",
        "%00",
        "..",
        ".",
        "api.example.org",
        "API.example.ORG",
        "api.example.org.",
        "evil.example.com",
        "127.0.0.1",
        "[::1]",
        "0x7f.1",
        "443",
        "8443",
        "user",
        "é",
        "ａｐｉ.example.org",
        "。",
        "\t",
        "\n",
        " ",
        "x",
    ]
)
URLS = st.one_of(
    st.lists(PIECES, max_size=9).map("".join),
    st.text(max_size=60),
    st.lists(PIECES, max_size=7).map(lambda some: "https://" + "".join(some)),
)


@settings(deadline=None)
@given(url=URLS)
def test_what_passes_is_https_to_an_allowed_host(url: str) -> None:
    try:
        passed = HOSTS.check(url)
    except Refused:
        return
    assert is_within(passed)
    assert HOSTS.check(passed) == passed


@settings(deadline=None)
@given(location=URLS)
def test_no_redirect_leads_outside(location: str) -> None:
    try:
        passed = HOSTS.follow("https://api.example.org/a/b?c=d", location)
    except Refused:
        return
    assert is_within(passed)


@settings(deadline=None)
@given(host=st.text(alphabet=string.ascii_lowercase + string.digits + ".-", min_size=1, max_size=30))
def test_no_other_host_passes(host: str) -> None:
    if host in ALLOWED:
        return
    with pytest.raises(Refused):
        HOSTS.check(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "passed"),
    [
        ("https://API.Example.org", "https://api.example.org/"),
        ("https://api.example.org:443/a?b=c#d", "https://api.example.org/a?b=c"),
        ("https://api.example.org/a b", "https://api.example.org/a%20b"),
        ("https://api.example.org/S/RES/2728(2024)", "https://api.example.org/S/RES/2728(2024)"),
        ("https://api.example.org/x%2Fy", "https://api.example.org/x%2Fy"),
    ],
)
def test_addresses_of_the_source_pass(url: str, passed: str) -> None:
    assert HOSTS.check(url) == passed


def test_robots_txt_may_be_read_where_only_some_paths_may() -> None:
    hosts = AllowedHosts(describe(Host(host="api.example.org", paths=("/api/",))))
    assert hosts.check("https://api.example.org/robots.txt")
    assert hosts.check("https://api.example.org/api/x")
    with pytest.raises(Refused):
        hosts.check("https://api.example.org/apix")


PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104  # compared with, not bound to
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "2002:7f00:1::",
    "2002:0a00:0001::1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::127.0.0.1",
    "no address",
    "",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_names_that_lead_to_other_than_public_addresses_are_refused(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Refused) as caught:
        public_addresses("api.example.org", lambda name: ["93.184.216.34", address])
    assert caught.value.outcome == "host_not_allowed"


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
)
def test_public_addresses_pass(address: str) -> None:
    assert public_addresses("api.example.org", lambda name: [address, address]) == [address]


@settings(deadline=None)
@given(address=st.ip_addresses())
def test_no_address_within_a_private_network_passes_in_any_dress(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(str(address)):
        assert address.is_global
        assert not address.is_multicast
    if isinstance(address, ipaddress.IPv4Address):
        within = int(address)
        for dressed in (0xFFFF << 32 | within, 0x64FF9B << 96 | within, 0x2002 << 112 | within << 80):
            assert is_public(str(ipaddress.IPv6Address(dressed))) == is_public(str(address))


def test_a_name_without_addresses_is_a_failure_of_the_connection() -> None:
    with pytest.raises(OSError, match="no address"):
        public_addresses("api.example.org", lambda name: [])
