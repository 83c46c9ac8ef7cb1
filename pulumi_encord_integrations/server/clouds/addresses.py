"""Which addresses the API may call where customers type the host: the same ones on every version of Python.

`ipaddress` alone will not do: what it calls global changed between versions and holds multicast, site-local
addresses and a cloud's own services, and IPv6 has many ways to write an IPv4 address.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import Literal

from pulumi_encord_integrations.model.principals import Network

Address = IPv4Address | IPv6Address
Standing = Literal["public", "listed", "refused"]

_NEVER = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local: metadata and credentials of AWS, Azure, Google and others
        "fe80::/10",
        "fd00:ec2::/32",  # AWS
        "fd20:ce::254/128",  # Google
        "fd00:c1::a9fe:a9fe/128",  # Oracle
        "fd00:42::42/128",  # Scaleway
        "192.0.0.192/32",  # Oracle
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure, in the midst of public addresses
        "64:ff9b:1::/48",  # what a network translates here is its own affair
    )
)
"""What no list opens: what answers there hands out credentials of the machine that asks."""

_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocols; in part global, which part depends on Python
        "192.88.99.0/24",  # relays of 6to4
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
        "2001::/23",  # protocols, Teredo and benchmarks among them; in part global as above
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation, since 2024
    )
)
"""What is not public beside what `ipaddress` says."""

_UNICAST = IPv6Network("2000::/3")
"""All that is given out of IPv6, so that what is not yet known is refused."""
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_ISATAP, _ISATAP_BITS = 0x5EFE, 0xFDFF_FFFF


def standing(address: Address, allowed: Sequence[Network]) -> Standing:
    """Whether the API may call an address: one of the public internet, or of a network in `allowed`."""
    if isinstance(address, IPv6Address):
        return _standing_6(address, allowed)
    if _in(address, _NEVER):
        return "refused"
    return "listed" if _in(address, allowed) else "public" if _is_public(address) else "refused"


def _standing_6(address: IPv6Address, allowed: Sequence[Network]) -> Standing:
    if address.scope_id is not None:
        return "refused"
    if address.ipv4_mapped or address in _TRANSLATED:
        return standing(_last_32_bits(address), allowed)
    tunnelled = any(standing(inner, allowed) == "refused" for inner in _tunnelled(address))
    if tunnelled or _in(address, _NEVER):
        return "refused"
    if _in(address, allowed):
        return "listed"
    return "public" if address in _UNICAST and _is_public(address) else "refused"


def _tunnelled(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that packets to an IPv6 address may be sent on to."""
    found = list(address.teredo or ())
    if address.sixtofour:
        found.append(address.sixtofour)
    if int(address) >> 32 & _ISATAP_BITS == _ISATAP or (address in _COMPATIBLE and int(address) > 1):
        found.append(_last_32_bits(address))
    return found


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)


def _is_public(address: Address) -> bool:
    return address.is_global and not _in(address, _NOT_PUBLIC)


def _in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
