"""Sends one signed request to an address on the public internet, and nowhere else.

Whoever registers a webhook names a host, and whoever owns that name says at every moment where it
leads. So the name is resolved once, every address that it leads to must be public, and the
connection is made to one of these very addresses: a name that leads elsewhere a moment later
(DNS rebinding) gains nothing. The certificate is checked against the name. No redirect is followed
(http.client follows none) and no proxy of the environment is asked, since both would connect to
what was not checked.

An exchange has a thread of its own, because neither resolving nor an answer of one byte each second
can be ended from the thread that waits for it.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from portal_api.domain.addresses import is_public
from portal_api.domain.webhooks import url_problem
from portal_api.services.deliveries import Send, Sent

CONNECT_SECONDS: Final = 3.0
"""For each address that a name leads to."""
READ_SECONDS: Final = 5.0
"""For the next bytes of the answer."""
TOTAL_SECONDS: Final = 10.0
"""For all of it: resolving, connecting, asking, answering."""
USER_AGENT: Final = "portal-api-webhooks"
THREAD: Final = "webhook"
_ANSWER_BYTES: Final = 4096
"""So much of the answer's body is taken and dropped, to be polite; only the status matters."""

_Place = tuple[socket.AddressFamily, Any]
"""A family and a socket's address in it, as the resolver gave them."""


class _NotSent(Exception):
    """Nothing was sent; the message says why, to whoever looks at the delivery."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a URL leads: ``origin`` is scheme, host and port as they are written in it."""

    secure: bool
    origin: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header."""
        return self.origin.partition("://")[2]


def sender(
    private_origins: Container[str],
    trusted: ssl.SSLContext | None = None,
    total_seconds: float = TOTAL_SECONDS,
) -> Send:
    """What sends a request: it never raises, and says what came of it.

    ``private_origins`` (``scheme://host:port``, compared as they are written) are not checked: for
    a receiver on a developer's own machine. ``trusted`` are other certificates than the system's.
    """
    context = trusted or ssl.create_default_context()

    def send(url: str, headers: Mapping[str, str], body: bytes) -> Sent:
        exchange = _Exchange(url, headers, body, private_origins, context)
        thread = threading.Thread(target=exchange.run, name=THREAD, daemon=True)
        thread.start()
        thread.join(total_seconds)
        return exchange.end()

    return send


class _Exchange:
    """One request and its answer."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        private_origins: Container[str],
        context: ssl.SSLContext,
    ) -> None:
        self._url = url
        self._headers = headers
        self._body = body
        self._private_origins = private_origins
        self._context = context
        self._sent = Sent(None, "There was no answer in time.")
        self._socket: socket.socket | None = None
        self._over = False

    def run(self) -> None:
        """Makes the exchange, in a thread of its own."""
        try:
            self._exchanged()
        except Exception as error:  # noqa: BLE001 - Whatever it is, the delivery has failed.
            self._note(Sent(None, _said(error)))
        finally:
            if self._socket is not None:
                self._socket.close()

    def end(self) -> Sent:
        """What came of it until now; what still runs is cut off."""
        self._over = True
        if self._socket is not None:
            self._cut(self._socket)
        return self._sent

    def _note(self, sent: Sent) -> None:
        """Keeps the first that is known: a status, after which nothing else matters."""
        if not self._over and self._sent.status is None:
            self._sent = sent

    def _exchanged(self) -> None:
        target = _target(self._url, self._private_origins)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = self._connected(target)
        headers = {
            **self._headers,
            "connection": "close",
            "host": target.authority,
            "user-agent": USER_AGENT,
        }
        connection.request("POST", target.path, self._body, headers)
        with connection.getresponse() as answer:
            self._note(Sent(answer.status, None))
            answer.read1(_ANSWER_BYTES)

    def _connected(self, target: _Target) -> socket.socket:
        """A connection to where the target's name leads; raises ``OSError`` and ``_NotSent``."""
        places = _resolved(target)
        if target.origin not in self._private_origins:
            addresses = [ipaddress.ip_address(place[0]) for _, place in places]
            if not all(map(is_public, addresses)):
                raise _NotSent("The host's name leads to an address that is not public.")
        if self._over:
            raise TimeoutError
        plain = self._taken(_first_connected(places))
        if not target.secure:
            return plain
        # The handshake is made when the socket is known here, so that it can be cut off.
        secure = self._context.wrap_socket(
            plain, server_hostname=target.host, do_handshake_on_connect=False
        )
        self._taken(secure).settimeout(READ_SECONDS)
        secure.do_handshake()
        return secure

    def _taken(self, connected: socket.socket) -> socket.socket:
        """The socket, which ``end`` knows from now on; cut off at once if that was before."""
        self._socket = connected
        if self._over:
            self._cut(connected)
        return connected

    @staticmethod
    def _cut(connected: socket.socket) -> None:
        """Ends a connection whatever its thread waits for; without a farewell of TLS's own."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _target(url: str, private_origins: Container[str]) -> _Target:
    """Where a URL leads; raises ``_NotSent`` for what may not be called."""
    problem = url_problem(url, private_origins)
    if problem is not None:
        raise _NotSent(problem)
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    path = parts.path or "/"
    return _Target(
        secure=secure,
        origin=f"{parts.scheme}://{parts.netloc}",
        host=parts.hostname or "",
        port=parts.port or (443 if secure else 80),
        path=f"{path}?{parts.query}" if parts.query else path,
    )


def _resolved(target: _Target) -> tuple[_Place, ...]:
    """Everywhere that the name leads now; it is asked once."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _NotSent("The host's name leads to no address.") from None
    return tuple((family, place) for family, _, _, _, place in found)


def _first_connected(places: tuple[_Place, ...]) -> socket.socket:
    """A connection to the first place that takes one; raises the ``OSError`` of the last."""
    problem = OSError()
    for family, place in places:
        try:
            return _connected_to(family, place)
        except OSError as failed:
            problem = failed
    raise problem


def _connected_to(family: socket.AddressFamily, place: Any) -> socket.socket:
    """A connection; raises ``OSError``, also where there are no sockets of the family.

    Lambda outside of a network of one's own has none of IPv6.
    """
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.settimeout(CONNECT_SECONDS)
        made.connect(place)
        made.settimeout(READ_SECONDS)
    except OSError:
        made.close()
        raise
    return made


def _said(error: Exception) -> str:
    """What went wrong, in words for whoever runs the receiver; nothing of ours is in them."""
    match error:
        case _NotSent():
            return str(error)
        case ssl.SSLCertVerificationError():
            return f"The certificate is not accepted: {error.verify_message}."
        case ssl.SSLError():
            return "No secure connection could be made."
        case TimeoutError():
            return "There was no answer in time."
        case ConnectionRefusedError():
            return "The connection was refused."
        case OSError():
            return "The connection was lost, or could not be made."
        case http.client.HTTPException():
            return "The answer is no HTTP."
        case _:
            return "The request could not be made."
