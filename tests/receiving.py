"""A receiver of webhooks on this machine, and certificates that a throwaway authority made."""

import datetime as dt
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """Answers ``status`` to everything, and keeps it."""

    port: int
    status: int = 204
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes = b""
    received: list[Received] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    @property
    def origin(self) -> str:
        """Where it is."""
        return f"http://{LOOPBACK}:{self.port}"


@contextmanager
def receiver(secured_by: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver at a port of its own, with TLS where it has a context."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told = {name.lower(): value for name, value in self.headers.items()}
            known.received.append(Received(self.path, told, body))
            known.came.set()
            self.send_response(known.status)
            for name, value in known.answer_headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(known.answer)

        do_GET = do_POST  # noqa: N815 - Named by http.server.

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - As above.
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Says nothing: a sender that hangs up is part of many a test."""

    with Server((LOOPBACK, 0), Handler) as server:
        if secured_by is not None:
            server.socket = secured_by.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        known = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield known
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def listening(behave: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server of no protocol: ``behave`` has each connection."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    behave(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            assert not thread.is_alive(), "the sender did not hang up"


class Authority:
    """Makes certificates that only those accept who trust it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Throwaway authority")])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        self._certificate = (
            self._begun(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def trusting(self) -> ssl.SSLContext:
        """What a sender trusts that trusts this authority alone."""
        pem = self._certificate.public_bytes(serialization.Encoding.PEM)
        return ssl.create_default_context(cadata=pem.decode())

    def serving(self, *hosts: str, days: int = 1) -> ssl.SSLContext:
        """What a server of these host names or addresses has; it ends after so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [_general_name(host) for host in hosts]
        certificate = (
            self._begun(x509.Name([]), key, days)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        file = self._folder / f"{hosts[0].replace(':', '-')}{days}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 1
    ) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=10))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), False
            )
        )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
