"""The vetted sending of webhooks, over real sockets on this machine.

A name's addresses come from a resolver of the test. Where they are public, the connection to one is
led to a receiver here, and the test sees which address it was made to.
"""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from portal_api.sending import THREAD, USER_AGENT, sender
from portal_api.services.deliveries import Sent
from tests.receiving import LOOPBACK, Authority, receiver

HOST = "hooks.example.com"
PUBLIC, OTHER_PUBLIC, PUBLIC_V6 = "93.184.215.14", "8.8.4.4", "2606:2800:220:1::14"
HEADERS = {"content-type": "application/json", "webhook-id": "evt"}
BODY = b'{"type":"GoalReached"}'
NOT_PUBLIC = Sent(None, "The host's name leads to an address that is not public.")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


class Network:
    """What names lead to, each time they are asked for, and where connections are made to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._answers: list[Sequence[str]] = []
        self.asked: list[str] = []
        self.connected: list[str] = []
        self.unreachable: set[str] = set()
        really = socket.socket.connect

        def resolve(host: str, port: int, *_: object, **__: object) -> list[Any]:
            self.asked.append(host)
            addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if not addresses:
                raise socket.gaierror(socket.EAI_NONAME, "unknown")
            return [_info(address, port) for address in addresses]

        def connect(made: socket.socket, place: tuple[Any, ...]) -> None:
            address, port = place[:2]
            self.connected.append(address)
            if address in self.unreachable:
                raise OSError(101, "Network is unreachable")
            here = f"::ffff:{LOOPBACK}" if made.family == socket.AF_INET6 else LOOPBACK
            really(made, (here, port))

        patch.setattr(socket, "getaddrinfo", resolve)
        patch.setattr(socket.socket, "connect", connect)

    def leads(self, *answers: Sequence[str]) -> None:
        """The name leads to these addresses, then to those; the last remains."""
        self._answers = list(answers)


def _info(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


@pytest.fixture
def network() -> Iterator[Network]:
    with pytest.MonkeyPatch.context() as patch:
        yield Network(patch)


def test_a_public_name_is_called_once_with_what_was_signed(
    network: Network, authority: Authority
) -> None:
    network.leads([PUBLIC])
    with receiver(authority.serving(HOST)) as there:
        url = f"https://{HOST}:{there.port}/in/portal?for=us"
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert Sent(204, None) == sent
    (one,) = there.received
    assert ("/in/portal?for=us", BODY) == (one.path, one.body)
    expected = {
        **HEADERS,
        "accept-encoding": "identity",
        "connection": "close",
        "content-length": str(len(BODY)),
        "host": f"{HOST}:{there.port}",
        "user-agent": USER_AGENT,
    }
    assert expected == one.headers


def test_the_connection_is_made_to_the_address_that_was_checked(
    network: Network, authority: Authority
) -> None:
    """A name that leads elsewhere a moment later is asked only once (DNS rebinding)."""
    network.leads([PUBLIC], [LOOPBACK], ["169.254.169.254"])
    with receiver(authority.serving(HOST)) as there:
        url = f"https://{HOST}:{there.port}/"
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert Sent(204, None) == sent
    assert [HOST] == network.asked
    assert [PUBLIC] == network.connected


@pytest.mark.parametrize(
    "addresses",
    [
        [LOOPBACK],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["::1"],
        ["fe80::1%eth0"],
        ["::ffff:10.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["192.0.0.8"],
        ["192.0.0.192"],
        ["2002:7f00:1::"],
        [PUBLIC, "10.1.2.3"],
        [PUBLIC, OTHER_PUBLIC, "::1"],
    ],
    ids=" ".join,
)
def test_a_name_that_leads_anywhere_private_is_not_called(
    network: Network, addresses: list[str]
) -> None:
    """Also where only one of its addresses is private."""
    network.leads(addresses)
    assert sender(frozenset())(f"https://{HOST}/", HEADERS, BODY) == NOT_PUBLIC
    assert [] == network.connected


def test_the_next_address_is_tried_where_one_cannot_be_reached(
    network: Network, authority: Authority
) -> None:
    """As in a network without IPv6."""
    network.leads([PUBLIC_V6, PUBLIC])
    network.unreachable = {PUBLIC_V6}
    with receiver(authority.serving(HOST)) as there:
        url = f"https://{HOST}:{there.port}/"
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert Sent(204, None) == sent
    assert [PUBLIC_V6, PUBLIC] == network.connected


def test_the_next_address_is_tried_where_there_are_no_sockets_of_ipv6(
    network: Network, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Lambda outside of a network of one's own."""

    class WithoutV6(socket.socket):
        def __init__(self, family: int = -1, *rest: Any, **named: Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(97, "Address family not supported by protocol")
            super().__init__(family, *rest, **named)

    network.leads([PUBLIC_V6, PUBLIC])
    with receiver(authority.serving(HOST)) as there:
        url = f"https://{HOST}:{there.port}/"
        monkeypatch.setattr(socket, "socket", WithoutV6)
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert Sent(204, None) == sent
    assert [PUBLIC] == network.connected


def test_an_address_of_ipv6_is_called(network: Network, authority: Authority) -> None:
    network.leads([PUBLIC_V6])
    with receiver(authority.serving(HOST)) as there:
        url = f"https://{HOST}:{there.port}/"
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert Sent(204, None) == sent
    assert [PUBLIC_V6] == network.connected


def test_an_international_name_is_resolved_and_secured_as_it_is_written_for_machines(
    network: Network, authority: Authority
) -> None:
    network.leads([PUBLIC])
    name = "xn--bcher-kva.example"
    with receiver(authority.serving(name)) as there:
        url = f"https://{name}:{there.port}/"
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert Sent(204, None) == sent
    assert [name] == network.asked


def test_a_name_that_leads_nowhere(network: Network) -> None:
    network.leads([])
    sent = sender(frozenset())(f"https://{HOST}/", HEADERS, BODY)
    assert Sent(None, "The host's name leads to no address.") == sent


@pytest.mark.parametrize("url", ["http://{}/", "https://u:p@{}/", "ftp://{}/", "https://", "x"])
def test_what_may_not_be_registered_is_not_called_either(network: Network, url: str) -> None:
    network.leads([PUBLIC])
    sent = sender(frozenset())(url.format(HOST), HEADERS, BODY)
    assert sent.status is None
    assert sent.problem
    assert [] == network.connected


def test_a_resolver_that_does_not_answer_does_not_hold_the_sender(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it answers in the end, nothing is sent any more."""
    answers = threading.Event()

    def resolve(*_: object, **__: object) -> list[Any]:
        answers.wait(10)
        return [_info(PUBLIC, 443)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    started = time.monotonic()
    sent = sender(frozenset(), total_seconds=0.2)(f"https://{HOST}/", HEADERS, BODY)
    assert Sent(None, "There was no answer in time.") == sent
    assert time.monotonic() - started < 5
    answers.set()
    for thread in threading.enumerate():
        if thread.name == THREAD:
            thread.join(10)
    assert [] == network.connected


# --- TLS ------------------------------------------------------------------------------------


def test_a_certificate_of_another_name_is_refused(network: Network, authority: Authority) -> None:
    network.leads([PUBLIC])
    with receiver(authority.serving("other.example.com")) as there:
        url = f"https://{HOST}:{there.port}/"
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert sent.status is None
    assert "Hostname mismatch" in str(sent.problem)
    assert [] == there.received


def test_a_certificate_of_the_address_is_not_enough(network: Network, authority: Authority) -> None:
    network.leads([PUBLIC])
    with receiver(authority.serving(PUBLIC)) as there:
        url = f"https://{HOST}:{there.port}/"
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert "Hostname mismatch" in str(sent.problem)
    assert [] == there.received


def test_a_certificate_that_has_ended_is_refused(network: Network, authority: Authority) -> None:
    network.leads([PUBLIC])
    with receiver(authority.serving(HOST, days=-1)) as there:
        url = f"https://{HOST}:{there.port}/"
        sent = sender(frozenset(), authority.trusting())(url, HEADERS, BODY)
    assert Sent(None, "The certificate is not accepted: certificate has expired.") == sent
    assert [] == there.received


def test_an_authority_that_the_system_does_not_know_is_refused(
    network: Network, authority: Authority
) -> None:
    """What is used in AWS, where nobody says what to trust."""
    network.leads([PUBLIC])
    with receiver(authority.serving(HOST)) as there:
        sent = sender(frozenset())(f"https://{HOST}:{there.port}/", HEADERS, BODY)
    assert sent.status is None
    assert "certificate" in str(sent.problem)
    assert [] == there.received


def test_a_private_origin_with_tls_is_checked_as_well(authority: Authority) -> None:
    with receiver(authority.serving(LOOPBACK)) as there:
        origin = f"https://{LOOPBACK}:{there.port}"
        trusting = sender({origin}, authority.trusting())(f"{origin}/", HEADERS, BODY)
        sent = sender({origin})(f"{origin}/", HEADERS, BODY)
    assert Sent(204, None) == trusting
    assert "certificate" in str(sent.problem)
    assert 1 == len(there.received)


def test_no_tls_where_it_was_promised(network: Network) -> None:
    network.leads([PUBLIC])
    with receiver() as there:
        sent = sender(frozenset(), total_seconds=3)(f"https://{HOST}:{there.port}/", HEADERS, BODY)
    assert sent.status is None
    assert [] == there.received
