"""Ministack, a local AWS in pure Python, installed beside the project and run as a process.

It pins another graphql-core than Strawberry does, so it lives in a virtual environment of its own,
`.ministack/` in the repository, made by the first test that needs it from `tests/ministack.txt`.
To renew that file: `printf 'ministack==X\ncryptography\n' | uv pip compile - --universal
--python-version 3.11 --generate-hashes --no-annotate --no-header -o tests/ministack.txt`.
Without cryptography it would sign no token, and its own authorizer would refuse all of them.

How it behaves, read from version 1.5.33: every DynamoDB request runs to its end on one event loop,
so requests of any number of clients are executed one after the other. Transactions are therefore
exact, and a TransactionConflict can never be seen here. A Lambda function is a process of the
server, of its own interpreter whatever the runtime and the architecture of the function are; it is
told the server's address in AWS_ENDPOINT_URL, which botocore reads by itself.
"""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import venv
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import snapshot_restore_py

from tests.environments import installed

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 10

_REPOSITORY = Path(__file__).resolve().parent.parent
_REQUIREMENTS = Path(__file__).with_name("ministack.txt")
_HOME = _REPOSITORY / ".ministack"
_GUARDED = {"AUTH": "true", "MINISTACK_COGNITO_PRETOKEN_STRICT": "1"}

# The server takes a socket that is already bound, so no other process can win its port. It ends
# when its standard input closes, so that it cannot outlive tests that were killed. What it runs
# functions with is an interpreter without any package, so they have nothing but their bundle. The
# first password of a person fits the pool's rules, as Cognito's do; the server's has 12 characters.
_PROGRAM = """
import os, signal, sys, threading
from hypercorn.__main__ import main

sys.executable = sys.argv[2]
if os.environ.get("AUTH") == "true":
    from ministack.services import cognito
    half = cognito._generate_temp_password
    cognito._generate_temp_password = lambda: half() + half()

def end_with_parent():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_parent, daemon=True).start()
sys.exit(main(["ministack.app:app", "--workers", "0", "--bind", "fd://" + sys.argv[1],
               "--keep-alive", "75", "--graceful-timeout", "1", "--log-level", "WARNING"]))
"""


@contextlib.contextmanager
def running(directory: Path, *, guarded: bool = False) -> Iterator[str]:
    """Run a server with an empty state; its log and temporary files go to `directory`.

    A guarded server evaluates policies: a function may do what its role allows and no more. It
    also refuses a sign-in whose trigger fails, as Cognito does.

    Yields:
        The endpoint URL, answering already.
    """
    python = installed(_REQUIREMENTS, _HOME)
    bare = directory / "bare"
    _make_bare(bare)
    log = directory / "ministack.log"
    with socket.create_server((HOST, 0)) as listener, log.open("wb") as output:
        port: int = listener.getsockname()[1]
        process = subprocess.Popen(
            [python, "-c", _PROGRAM, str(listener.fileno()), str(bare / "bin" / "python")],
            cwd=directory,
            env=_environment(directory, port) | (_GUARDED if guarded else {}),
            pass_fds=[listener.fileno()],
            start_new_session=True,  # A group of its own, in which the functions' processes are.
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(port, log)
        yield f"http://{HOST}:{port}"
    finally:
        _stop(process)


def _make_bare(folder: Path) -> None:
    """Make an interpreter with what Lambda's own has for snapshots, and with no other package."""
    venv.EnvBuilder(symlinks=True).create(folder)
    (packages,) = folder.glob("lib/python*/site-packages")
    shutil.copy(snapshot_restore_py.__file__, packages)


def _environment(directory: Path, port: int) -> dict[str, str]:
    """Build the server's whole environment, so that nobody's settings change what is tested."""
    return {
        "DOCKER_HOST": "unix:///nonexistent",  # It would clear away containers at its start.
        "GATEWAY_PORT": str(port),
        "HOME": str(directory),
        "IOT_MTLS_ENABLED": "0",  # Would open port 8883.
        "LOG_LEVEL": "WARNING",
        "PATH": os.environ.get("PATH", os.defpath),
        "PERSIST_STATE": "0",
        "SFTP_ENABLED": "0",  # Would open port 2222.
        "TMPDIR": str(directory),
    }


def _wait_until_healthy(port: int, log: Path) -> None:
    # The socket listens since before the server's start: this request waits in its queue.
    connection = http.client.HTTPConnection(HOST, port, timeout=START_SECONDS)
    try:
        connection.request("GET", "/_ministack/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise RuntimeError(f"Ministack did not start:\n{log.read_text()}") from error
    finally:
        connection.close()
    if status != HTTPStatus.OK:
        raise RuntimeError(f"Ministack answered {status}:\n{log.read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # The server leaves its functions' processes alone.
