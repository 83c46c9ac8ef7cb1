"""Requests to typed addresses: what must reach nothing, and what is refused how."""

import ipaddress

import pytest

from pulumi_encord_integrations.server.clouds.addresses import standing
from pulumi_encord_integrations.server.clouds.outbound import NotReached, Outbound
from tests.support.listener import Listener, dns

CANARY = "canary-5d2e"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
EVERYTHING = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
PUBLIC, ALSO_PUBLIC = "93.184.215.14", "2606:4700::1111"
NAME = "storage.example.com"

SPELLINGS = [
    "https://127.0.0.1:{port}/",
    "https://127.9.8.7:{port}/",
    "http://127.0.0.1:{port}/",
    "HTTPS://127.0.0.1:{port}/",
    "https://localhost:{port}/",
    "https://LOCALHOST:{port}/",
    "https://localhost.:{port}/",
    "https://foo.localhost:{port}/",
    "https://2130706433:{port}/",
    "https://2130706433.:{port}/",
    "https://0x7f000001:{port}/",
    "https://0X7F.1:{port}/",
    "https://0x7f.0.0.1:{port}/",
    "https://127.0.0.0x1:{port}/",
    "https://017700000001:{port}/",
    "https://0177.0.0.1:{port}/",
    "https://127.0.0.01:{port}/",
    "https://127.1:{port}/",
    "https://127.0.1:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://0:{port}/",
    "https://0x:{port}/",
    "https://0.0.0.0:{port}/",
    "https://0000127.0.0.1:{port}/",
    "https://127.0.0.256:{port}/",
    "https://127.0.0.4294967297:{port}/",
    "https://\uff11\uff12\uff17.0.0.1:{port}/",
    "https://127\u30020\u30020\u30021:{port}/",
    "https://\u2460\u2461\u2466.0.0.1:{port}/",
    "https://loc\u00e0lhost:{port}/",
    "https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:{port}/",
    "https://%31%32%37.0.0.1:{port}/",
    "https://127.0.0.1%2f.example.com:{port}/",
    "https://%6cocalhost:{port}/",
    "https://good.example@127.0.0.1:{port}/",
    "https://good.example:443@127.0.0.1:{port}/",
    "https://@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@good.example/",
    "https://good.example\\@127.0.0.1:{port}/",
    "https:\\\\127.0.0.1:{port}/",
    "https://127.0.0.1\t:{port}/",
    "https://127.0.0\n.1:{port}/",
    "https://127.0.0.1\r\nHost: x:{port}/",
    "https://127.0.0.1:{port}/ HTTP/1.1\r\nHost: x",
    "https://127.0.0.1:{port}/\x00",
    " https://127.0.0.1:{port}/",
    "https://127.0.0.1 :{port}/",
    "https:///127.0.0.1:{port}/",
    "https:127.0.0.1:{port}/",
    "https://:{port}/",
    "https://127.0.0.1:{port}:{port}/",
    "https://127.0.0.1:+{port}/",
    "https://127.0.0.1:0/",
    "https://127.0.0.1:99999/",
    "https://127.0.0.1:\uff11/",
    "https://127.0.0.1:/",
    "https://127..0.1:{port}/",
    "https://.127.0.0.1:{port}/",
    "https://[::1]:{port}/",
    "https://[0:0:0:0:0:0:0:1]:{port}/",
    "https://[::]:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[::FFFF:7F00:1]:{port}/",
    "https://[::127.0.0.1]:{port}/",
    "https://[::ffff:0:127.0.0.1]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://[2002:7f00:1::]:{port}/",
    "https://[fe80::1%25lo]:{port}/",
    "https://[fe80::1%lo]:{port}/",
    "https://[::1%251]:{port}/",
    "https://[v1.127.0.0.1]:{port}/",
    "https://[127.0.0.1]:{port}/",
    "https://[[::1]]:{port}/",
    "https://::1:{port}/",
    "https://[::1:{port}/",
    "https://[::1]x:{port}/",
    "ftp://127.0.0.1:{port}/",
    "gopher://127.0.0.1:{port}/_x",
    "file:///etc/passwd",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_loopback_is_connected_to(
    spelling: str, listener: Listener, attempts: list[str]
) -> None:
    with pytest.raises(NotReached) as refusal:
        Outbound().request("GET", spelling.replace("{port}", str(listener.port)), seconds=5)
    # Not every resolver knows every name of loopback.
    unknown = not refusal.value.refused and "localhost" in spelling.lower()
    assert refusal.value.refused or (unknown and "could not be looked up" in str(refusal.value))
    assert attempts == []
    assert listener.connections == 0


@pytest.mark.parametrize("spelling", [one for one in SPELLINGS if "localhost" in one.lower()])
def test_no_name_of_loopback_is_connected_to_where_the_resolver_knows_it(
    spelling: str, listener: Listener, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dns(monkeypatch, ["::1", "127.0.0.1"])
    with pytest.raises(NotReached) as refusal:
        Outbound().request("GET", spelling.replace("{port}", str(listener.port)))
    assert (refusal.value.refused, attempts, listener.connections) == (True, [], 0)


@pytest.mark.parametrize(
    ("spelling", "said"),
    [
        *((one, "unusually") for one in ("2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "%31")),
        *(
            (one, "unusually")
            for one in (
                "127.0.0.1:0",
                "127.0.0.1:65536",
                "127.0.0.1:",
                "",
                "a..b",
                ".a",
                "[127.0.0.1]",
                "[a.de]",
            )
        ),
        *((f"{'a' * 64}.example", "unusually"), (".".join(["a" * 60] * 5), "unusually")),
        *((one, "a user or a password") for one in ("good.example@127.0.0.1", "a:b@127.0.0.1", "@a")),
        *(
            (f"127.0.0.1/{one}", "ASCII")
            for one in ("a b", "a\tb", "\u00fc", "a\\b", "a HTTP/1.1\r\nX: y", "\x00")
        ),
    ],
)
def test_an_unusual_spelling_is_refused_whatever_is_listed_and_not_resolved(
    spelling: str, said: str, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = dns(monkeypatch, ["127.0.0.1"])
    with pytest.raises(NotReached, match=said) as refusal:
        Outbound(LOOPBACK).request("GET", f"http://{spelling}")
    assert (refusal.value.refused, attempts, server.asked) == (True, [], [])


REFUSED = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1"),
    *("172.16.0.1", "172.31.255.255", "192.168.0.1", "198.18.0.1", "198.19.255.255"),
    *("192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "240.0.0.1", "255.255.255.255"),
    *("224.0.0.1", "233.252.0.1", "239.255.255.250"),
    *("192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170", "192.0.0.192"),
    *("169.254.0.1", "169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200"),
    *("::", "::1", "::2", "fe80::1", "fe80::1%2", "fe80::a9fe:a9fe", "fec0::1", "fc00::1", "fd00::1"),
    *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "2606:4700::1111%3", "5f00::1", "4000::1"),
    *("ff02::1", "ff0e::1", "100::1", "2001:db8::1", "3fff::1", "2001:2::1", "2001:10::1", "2001:20::1"),
    *("2001:1::1", "2001:4:112::1", "200::1"),
    *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:168.63.129.16", "::ffff:0:127.0.0.1"),
    *("::10.0.0.1", "::169.254.169.254", "::93.184.215.14"),
    *("2002:a00:1::1", "2002:a9fe:a9fe::", "2002:5db8:d70e::1"),
    *("2001:0:7f00:1::1", "2001:0:5db8:d70e:0:0:80ff:fffe", "2001::"),
    *("64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::93.184.215.14", "64:ff9b:1:7f00:0:100::"),
    *("2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:169.254.169.254", "2a00::5efe:168.63.129.16"),
]
ACCEPTED = [
    *("1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.0", "172.32.0.1", "168.63.129.17"),
    *("192.0.1.1", "198.17.255.255", "223.255.255.255"),
    *("2606:4700::1111", "2a00:1450::1", "2003::1", "2600:1f18::1", "2001:4860:4860::8888"),
    *("::ffff:93.184.215.14", "64:ff9b::93.184.215.14", "2606:4700::5efe:93.184.215.14"),
]


@pytest.mark.parametrize("address", REFUSED)
def test_a_name_with_an_address_that_is_not_public_is_not_connected_to(
    address: str, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dns(monkeypatch, [address])
    with pytest.raises(NotReached, match=r"^storage\.example\.com:8443 is not called") as refusal:
        Outbound().request("GET", f"https://{NAME}:8443/")
    assert (refusal.value.refused, attempts) == (True, [])
    assert address not in str(refusal.value)


@pytest.mark.parametrize("address", ACCEPTED)
def test_a_name_with_a_public_address_is_connected_to_there(
    address: str, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = dns(monkeypatch, [address])
    with pytest.raises(NotReached, match=r"^storage\.example\.com refused the connection$") as failure:
        Outbound().request("GET", f"https://{NAME}/")
    assert not failure.value.refused
    assert [ipaddress.ip_address(one) for one in attempts] == [ipaddress.ip_address(address)]
    assert server.asked == [(NAME, 443)]


@pytest.mark.parametrize("address", ["169.254.169.254", "168.63.129.16", "fd00:ec2::254", "64:ff9b:1::1"])
def test_no_list_opens_the_services_that_hand_out_credentials(address: str) -> None:
    assert standing(ipaddress.ip_address(address), EVERYTHING) == "refused"


@pytest.mark.parametrize(
    ("address", "networks"),
    [
        ("10.1.2.3", ["10.1.0.0/16"]),
        ("::ffff:10.1.2.3", ["10.1.0.0/16"]),
        ("::1", ["10.1.0.0/16", "::1/128"]),
        ("fd12::1", ["fd12::/16"]),
        ("93.184.215.14", ["93.184.215.0/24"]),
    ],
)
def test_a_listed_network_is_called(address: str, networks: list[str]) -> None:
    allowed = [ipaddress.ip_network(one) for one in networks]
    assert standing(ipaddress.ip_address(address), allowed) == "listed"


@pytest.mark.parametrize(
    "address",
    [
        "10.2.0.1",
        "fd13::1",
        "2002:a02:1::1",
        "::10.2.0.1",
        "2001:0:a02:1::1",
        "2001:0:5db8:d70e:0:0:f5fd:fffe",
    ],
)
def test_a_list_opens_nothing_beside_it(address: str) -> None:
    allowed = [
        ipaddress.ip_network(one) for one in ("10.1.0.0/16", "fd12::/16", "2002::/16", "2001::/32", "::/96")
    ]
    assert standing(ipaddress.ip_address(address), allowed) == "refused"


@pytest.mark.parametrize(
    "answer", [[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [ALSO_PUBLIC, PUBLIC, "::ffff:127.0.0.1"]]
)
def test_one_address_that_is_not_public_spoils_the_others(
    answer: list[str], listener: Listener, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dns(monkeypatch, answer)
    with pytest.raises(NotReached) as refusal:
        Outbound().request("GET", f"https://{NAME}:{listener.port}/")
    assert (refusal.value.refused, attempts, listener.connections) == (True, [], 0)


def test_a_name_that_resolves_anew_to_loopback_is_not_asked_anew(
    listener: Listener, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = dns(monkeypatch, [PUBLIC], ["127.0.0.1"])
    with pytest.raises(NotReached, match="refused the connection"):
        Outbound().request("GET", f"https://{NAME}:{listener.port}/")
    assert attempts == [PUBLIC]
    assert server.asked == [(NAME, listener.port)]
    assert listener.connections == 0


def test_addresses_are_judged_without_a_call(attempts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    dns(monkeypatch, [PUBLIC, ALSO_PUBLIC, PUBLIC], [PUBLIC, "10.0.0.1"], [])
    found = Outbound().addresses(NAME, 443)
    assert found == [ipaddress.ip_address(PUBLIC), ipaddress.ip_address(ALSO_PUBLIC)]
    with pytest.raises(NotReached, match="neither on the public internet"):
        Outbound().addresses(NAME, 443)
    with pytest.raises(NotReached, match="could not be looked up: Name or service not known"):
        Outbound().addresses(NAME, 443)
    for host in ("good/@127.0.0.1", "127.1", "", "fe80::1%1", "[::1]"):
        with pytest.raises(NotReached, match="unusually"):
            Outbound().addresses(host, 443)
    assert attempts == []


def test_http_is_for_listed_networks_alone(attempts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    dns(monkeypatch, [PUBLIC], ["127.0.0.1", PUBLIC])
    for _ in range(2):
        with pytest.raises(NotReached, match="is not called over http") as refusal:
            Outbound(LOOPBACK).request("GET", f"http://{NAME}/")
        assert refusal.value.refused
    assert attempts == []


@pytest.mark.parametrize(
    "url",
    [
        f"https://127.0.0.1/{CANARY}?sig={CANARY}",
        f"https://ada:{CANARY}@{NAME}/",
        f"https://{NAME}:x{CANARY}/",
        f"https://{CANARY} /",
        f"ftp://{NAME}/{CANARY}",
        f"http://127.0.0.1:1/{CANARY}",
    ],
)
def test_a_refusal_holds_no_secret(url: str, attempts: list[str]) -> None:
    with pytest.raises(NotReached) as refusal:
        Outbound(LOOPBACK if ":1/" in url else ()).request("GET", url, {"Authorization": CANARY})
    error = refusal.value
    assert CANARY not in f"{error} {error!r} {error.__cause__!r}"
    assert error.__suppress_context__ or error.__context__ is None


def test_a_header_that_would_be_two_is_refused_without_its_value(listener: Listener) -> None:
    with pytest.raises(NotReached, match="cannot be sent") as refusal:
        Outbound(LOOPBACK).request("GET", f"http://127.0.0.1:{listener.port}/", {"a": f"{CANARY}\r\nb: c"})
    assert CANARY not in str(refusal.value)
    assert listener.requests in ([], [b""])


def test_the_next_address_is_tried_if_one_refuses(
    listener: Listener, attempts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dns(monkeypatch, ["10.0.0.1", "127.0.0.1"])
    networks = (*LOOPBACK, ipaddress.ip_network("10.0.0.0/8"))
    assert Outbound(networks).request("GET", f"http://{NAME}:{listener.port}/").status == 200
    assert attempts == ["10.0.0.1", "127.0.0.1"]
