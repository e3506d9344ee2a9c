"""Which addresses are public: the same for who registers a webhook and for who sends to it."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.domain.addresses import Address, is_public
from portal_api.domain.webhooks import url_problem
from tests.domain.special_addresses import GLOBAL, NEAR, NOT_GLOBAL

REFUSED = [ipaddress.ip_network(block) for block in (*NOT_GLOBAL, *NEAR)]
ANY_IPV4 = st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address)
ANY_IPV6 = st.integers(0, 2**128 - 1).map(ipaddress.IPv6Address)
UNICAST = st.integers(2**125, 2**126 - 1).map(ipaddress.IPv6Address)


def url_of(address: Address) -> str:
    return f"https://[{address}]/" if address.version == 6 else f"https://{address}/"


@pytest.mark.parametrize("block", REFUSED, ids=str)
def test_no_address_of_a_special_block_is_public(
    block: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> None:
    """Neither its first nor its last one, nor any between, nor to register."""

    @settings(max_examples=20)
    @given(st.integers(0, block.num_addresses - 1))
    def check(place: int) -> None:
        for number in (0, place, block.num_addresses - 1):
            assert not is_public(block[number])
            assert url_problem(url_of(block[number])) is not None

    check()


@pytest.mark.parametrize("block", GLOBAL)
def test_what_is_special_but_for_everybody_is_public(block: str) -> None:
    network = ipaddress.ip_network(block)
    assert is_public(network[0])
    assert is_public(network[-1])


@given(st.one_of(ANY_IPV4, ANY_IPV6, UNICAST))
def test_what_can_be_registered_can_be_sent_to_and_nothing_else(address: Address) -> None:
    assert is_public(address) is (url_problem(url_of(address)) is None)
    special = any(address in block for block in REFUSED)
    assert not (special and is_public(address))


@given(st.one_of(ANY_IPV4, st.sampled_from([block[0] for block in REFUSED if block.version == 4])))
def test_an_address_inside_of_another_is_judged_itself(inner: ipaddress.IPv4Address) -> None:
    """Mapped, or translated to: it is what is reached in the end."""
    number = int(inner)
    mapped = ipaddress.IPv6Address((0xFFFF << 32) + number)
    translated = ipaddress.IPv6Address((0x64FF9B << 96) + number)
    tunnelled = ipaddress.IPv6Address((0x2002 << 112) + (number << 80))
    expected = is_public(inner)
    assert (expected, expected, False) == tuple(map(is_public, (mapped, translated, tunnelled)))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:2800:220:1::14", "64:ff9b::808:808"]
)
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))
    assert url_problem(url_of(ipaddress.ip_address(address))) is None


@pytest.mark.parametrize("address", ["fe80::1%eth0", "2606:2800:220:1::14%1", "::ffff:8.8.8.8%1"])
def test_an_address_of_one_link_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    ["[v1.fe]", "[1.1.1.1]", "[hooks.example.com]", "a[2606:2800::1]", "[2606:2800::1]a", "[]"],
)
def test_brackets_are_around_an_address_of_ipv6_alone(host: str) -> None:
    assert url_problem(f"https://{host}/") is not None
    assert url_problem(f"https://{host}:8443/") is not None
