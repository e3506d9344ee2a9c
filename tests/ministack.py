"""Ministack, a local AWS in pure Python, installed beside the project and run as a process.

It pins another graphql-core than Strawberry does, so it lives in a virtual environment of its own,
`.ministack/` in the repository, made by the first test that needs it from `tests/ministack.txt`.
To renew that file: `echo ministack==X | uv pip compile - --universal --python-version 3.11
--generate-hashes --no-annotate --no-header -o tests/ministack.txt`.

How it behaves, read from version 1.5.33: every DynamoDB request runs to its end on one event loop,
so requests of any number of clients are executed one after the other. Transactions are therefore
exact, and a TransactionConflict can never be seen here.
"""

import contextlib
import fcntl
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 10

_REPOSITORY = Path(__file__).resolve().parent.parent
_REQUIREMENTS = Path(__file__).with_name("ministack.txt")
_HOME = _REPOSITORY / ".ministack"

# The server takes a socket that is already bound, so no other process can win its port. It ends
# when its standard input closes, so that it cannot outlive tests that were killed.
_PROGRAM = """
import os, signal, sys, threading
from hypercorn.__main__ import main

def end_with_parent():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end_with_parent, daemon=True).start()
sys.exit(main(["ministack.app:app", "--workers", "0", "--bind", "fd://" + sys.argv[1],
               "--keep-alive", "75", "--graceful-timeout", "1", "--log-level", "WARNING"]))
"""


@contextlib.contextmanager
def running(directory: Path) -> Iterator[str]:
    """Run a server with an empty state; its log and temporary files go to `directory`.

    Yields:
        The endpoint URL, answering already.
    """
    python = _installed()
    log = directory / "ministack.log"
    with socket.create_server((HOST, 0)) as listener, log.open("wb") as output:
        port: int = listener.getsockname()[1]
        process = subprocess.Popen(
            [python, "-c", _PROGRAM, str(listener.fileno())],
            cwd=directory,
            env=_environment(directory, port),
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_healthy(port, log)
        yield f"http://{HOST}:{port}"
    finally:
        _stop(process)


def _installed() -> Path:
    """Make the virtual environment unless it is there; other workers wait for the one that does.

    Returns:
        The path of its interpreter.
    """
    environment = _HOME / "venv"
    python = environment / "bin" / "python"
    stamp = environment / "installed.sha256"
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    _HOME.mkdir(exist_ok=True)
    with (_HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(environment, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(environment))
            pip = ("-m", "pip", "--disable-pip-version-check", "--quiet", "install")
            _run(str(python), *pip, "--require-hashes", "--requirement", str(_REQUIREMENTS))
            stamp.write_text(wanted)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode != 0:
        message = f"{' '.join(command)} failed; Ministack is installed from PyPI on first use"
        raise RuntimeError(f"{message}:\n{done.stdout}{done.stderr}")


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
