"""What comes of a sending to a receiver on this machine, whatever that one answers."""

import socket
import time

import pytest

from portal_api.sending import sender
from portal_api.services.deliveries import Sent
from tests.receiving import LOOPBACK, listening, receiver

HEADERS = {"content-type": "application/json", "webhook-id": "evt"}
BODY = b'{"type":"GoalReached"}'


def test_an_origin_that_was_allowed_is_called_although_private() -> None:
    with receiver() as there:
        sent = sender({there.origin})(f"{there.origin}/in", HEADERS, BODY)
    assert Sent(204, None) == sent
    assert 1 == len(there.received)


def test_an_origin_is_allowed_exactly_as_it_is_written() -> None:
    with receiver() as there:
        send = sender({there.origin})
        others = [
            f"http://localhost:{there.port}/",
            f"https://{LOOPBACK}:{there.port}/",
            f"http://{there.origin[7:]}@{LOOPBACK}:{there.port}/",
            f"http://{LOOPBACK}/",
        ]
        statuses = [send(url, HEADERS, BODY).status for url in others]
    assert [None] * 4 == statuses
    assert [] == there.received


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    with receiver() as private, receiver() as there:
        there.status = status
        there.answer_headers = {"location": f"{private.origin}/meta-data"}
        sent = sender({there.origin, private.origin})(f"{there.origin}/", HEADERS, BODY)
    assert Sent(status, None) == sent
    assert [] == private.received


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as proxy, receiver() as there:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        monkeypatch.setenv("NO_PROXY", "")
        sent = sender({there.origin})(f"{there.origin}/", HEADERS, BODY)
    assert Sent(204, None) == sent
    assert [] == proxy.received


def test_no_cookie_is_kept() -> None:
    with receiver() as there:
        there.answer_headers = {"set-cookie": "session=1"}
        send = sender({there.origin})
        assert [204, 204] == [send(f"{there.origin}/", HEADERS, BODY).status for _ in range(2)]
    assert ["cookie" in one.headers for one in there.received] == [False, False]


def test_of_a_huge_answer_a_little_is_taken() -> None:
    taken: list[int] = []

    def huge(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        sent = 0
        try:
            while sent < 100_000_000:
                sent += connection.send(b"x" * 65536)
        except OSError:
            pass
        taken.append(sent)

    with listening(huge) as port:
        origin = f"http://{LOOPBACK}:{port}"
        assert Sent(200, None) == sender({origin})(f"{origin}/", HEADERS, BODY)
    # What the system keeps on both sides of a connection, and not all of it.
    assert taken[0] < 50_000_000


@pytest.mark.parametrize("place", ["handshake", "headers", "status"])
def test_an_answer_of_one_byte_at_a_time_does_not_hold_the_sender(place: str) -> None:
    """Each byte comes in time, the whole never would; afterwards the connection is gone."""
    begun = {
        "handshake": b"\x16\x03\x03\x40\x00",
        "headers": b"HTTP/1.1 200 OK\r\nx: ",
        "status": b"",
    }

    def drip(connection: socket.socket) -> None:
        try:
            connection.recv(65536)
            connection.sendall(begun[place])
            for _ in range(200):
                connection.sendall(b"1")
                time.sleep(0.05)
        except OSError:
            pass

    scheme = "https" if place == "handshake" else "http"
    started = time.monotonic()
    with listening(drip) as port:
        origin = f"{scheme}://{LOOPBACK}:{port}"
        sent = sender({origin}, total_seconds=0.5)(f"{origin}/", HEADERS, BODY)
    assert Sent(None, "There was no answer in time.") == sent
    assert time.monotonic() - started < 3


def test_the_status_counts_also_where_its_body_does_not_end() -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1")
        connection.recv(1)

    with listening(drip) as port:
        origin = f"http://{LOOPBACK}:{port}"
        sent = sender({origin}, total_seconds=0.3)(f"{origin}/", HEADERS, BODY)
    assert Sent(200, None) == sent


def test_a_connection_that_is_refused() -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        origin = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    sent = sender({origin})(f"{origin}/", HEADERS, BODY)
    assert Sent(None, "The connection was refused.") == sent


@pytest.mark.parametrize(
    "answer",
    [b"", b"\r\n", b"220 mail.example.com ESMTP\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\xff" * 99],
)
def test_what_is_no_http_is_no_answer(answer: bytes) -> None:
    def speak(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    with listening(speak) as port:
        origin = f"http://{LOOPBACK}:{port}"
        sent = sender({origin})(f"{origin}/", HEADERS, BODY)
    assert sent.status is None
    assert sent.problem


def test_a_header_that_cannot_be_sent_is_a_failure_and_no_error() -> None:
    with receiver() as there:
        sent = sender({there.origin})(f"{there.origin}/", {"webhook-id": "a\r\nx: y"}, BODY)
    assert Sent(None, "The request could not be made.") == sent
    assert [] == there.received
