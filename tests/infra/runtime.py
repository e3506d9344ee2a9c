"""Lambda around a function, on this machine: its Runtime API, and its own runtime client.

The client (awslambdaric, with the native part that talks to the API) runs in a process that finds
nothing but the unpacked bundle and what the client itself needs. The API is the one that is
described at https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, with the two calls that
its client makes around a snapshot.

A snapshot is copied by forking: every copy has the memory as it was when the client asked for the
restore, as environments have that Lambda restores from one snapshot.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import awslambdaric

from portal_api.domain.partners import Employment, Individual, Role
from portal_api.services import partners
from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.store import TableStore
from tests.api import CLIENT_ID

SECONDS = 30
"""For whatever is waited for."""
CLIENT_PARTS = ("awslambdaric", "runtime_client*", "simplejson", "snapshot_restore_py.py")
REGION = "us-east-1"
VERSION = "/2018-06-01/runtime"
ADMIN = "ind-admin"
NAME = "{ viewer { individual { name } } }"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")


def table_with_one_person(table: str, endpoint: str) -> dict[str, str]:
    """The variables of an API whose new table has ``ADMIN`` in it, Ada by name."""
    engine = DynamoEngine(table, REGION, endpoint)
    engine.create()
    employment = Employment(None, Role.ADMIN, datetime(2026, 1, 1, tzinfo=UTC))
    person = Individual(ADMIN, "Ada", "a@example.com", (employment,))
    TableStore(engine).commit(partners.individual_writes(person))
    engine.close()
    return {
        "PORTAL_ENDPOINT_URL": endpoint,
        "PORTAL_STAGE": "test",
        "PORTAL_TABLE": table,
        "PORTAL_TOKEN_CLIENT_IDS": CLIENT_ID,
    }


@dataclass
class Invocation:
    """One event on its way through the function."""

    event: Any
    held: threading.Barrier | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    done: threading.Event = field(default_factory=threading.Event)
    how: str = ""
    answer: Any = None


class Environment:
    """Lambda's side of one function: what it is asked, and all that it has reported."""

    def __init__(self, notes: Path, output: Path) -> None:
        self.waiting: queue.Queue[Invocation] = queue.Queue()
        self.taken: dict[str, Invocation] = {}
        self.reports: queue.Queue[tuple[str, str, Any]] = queue.Queue()
        self.restored = threading.Event()
        self.ending = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None
        self._notes, self._output = notes, output

    def invoke(self, event: Any) -> Invocation:
        """The event, with what became of it."""
        return self.invoke_together([event])[0]

    def invoke_together(self, events: Sequence[Any]) -> list[Invocation]:
        """The same in as many environments: none of them is let go before all have answered."""
        held = threading.Barrier(len(events))
        asked = [Invocation(event, held) for event in events]
        for one in asked:
            self.waiting.put(one)
        for one in asked:
            assert one.done.wait(SECONDS), f"no answer; {self.output()}"
        return asked

    def restore(self) -> None:
        """Lets every copy of the snapshot go on."""
        self.restored.set()

    def notes(self, kind: str) -> list[dict[str, Any]]:
        """What was noted in the function's processes, in its order."""
        if not self._notes.exists():
            return []
        lines = [json.loads(line) for line in self._notes.read_text().splitlines()]
        return [line for line in lines if line["kind"] == kind]

    def output(self) -> str:
        """All that the function's processes have written."""
        return self._output.read_text()

    def exit_code(self) -> int:
        """How the first process ended; waits for that."""
        assert self.process is not None
        return self.process.wait(SECONDS)


class _Server(ThreadingHTTPServer):
    """It does not mind that functions are killed while they ask."""

    daemon_threads = True

    def handle_error(self, *given: Any) -> None:
        """Says nothing: a test waits for what did not come."""


@contextlib.contextmanager
def started(
    task: Path,
    handler: str,
    variables: Mapping[str, str],
    folder: Path,
    *,
    copies: int = 0,
    after_restore: Mapping[str, str] | None = None,
) -> Iterator[Environment]:
    """A function of an unpacked bundle, in a process of its own.

    With ``copies`` it is one with snapshots: so many environments go on after the restore, which
    also find the variables ``after_restore``, as credentials are there only then.
    """
    environment = Environment(folder / "notes", folder / "output")
    handling = type("Handler", (_Handler,), {"environment": environment})
    server = _Server(("127.0.0.1", 0), handling)
    address = f"127.0.0.1:{server.server_port}"
    how = "snap-start" if copies else "on-demand"
    arguments = [str(task), str(_client(folder)), handler, str(copies or 1)]
    notes = [str(folder / "notes"), json.dumps(dict(after_restore or {}))]
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    try:
        with (folder / "output").open("wb") as output:
            environment.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", str(_BOOTSTRAP), *arguments, *notes],
                cwd=task,
                env={**_variables(task, handler, address, how), **variables},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        yield environment
    finally:
        environment.ending.set()
        _end(environment)
        server.shutdown()
        server.server_close()


def _variables(task: Path, handler: str, address: str, how: str) -> dict[str, str]:
    """What Lambda puts into the environment of every function, apart from credentials."""
    return {
        "_HANDLER": handler,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_NAME": "portal-test-api",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": how,
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_REGION": "us-east-1",
        "LANG": "en_US.UTF-8",
        "LAMBDA_TASK_ROOT": str(task),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TZ": ":UTC",
    }


def _client(folder: Path) -> Path:
    """A folder with the runtime client and what it needs, and nothing of ours."""
    installed = Path(awslambdaric.__file__).parent.parent
    client = folder / "client"
    client.mkdir()
    for part in CLIENT_PARTS:
        (found,) = (one for one in installed.glob(part) if one.suffix != ".dist-info")
        (client / found.name).symlink_to(found)
    return client


def _end(environment: Environment) -> None:
    """Ends the function's process and its copies, which are a group of their own."""
    if environment.process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(environment.process.pid, signal.SIGKILL)
        environment.process.wait()


class _Handler(BaseHTTPRequestHandler):
    """The Runtime API."""

    protocol_version = "HTTP/1.1"
    environment: Environment

    def log_message(self, *given: Any) -> None:
        """Says nothing: what matters is kept."""

    def do_GET(self) -> None:
        if self.path == f"{VERSION}/restore/next":
            self.environment.restored.wait(SECONDS)
            self._reply(200)
        elif self.path == f"{VERSION}/invocation/next":
            self._give_next()
        else:
            self._reply(404)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        body = json.loads(content) if content else None
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        *_, subject, how = self.path.split("/")
        if subject in self.environment.taken:
            self._finish(self.environment.taken[subject], how, body)
        else:
            self.environment.reports.put((f"{subject}/{how}", kind, body))
        self._reply(202)

    def _give_next(self) -> None:
        while not self.environment.ending.is_set():
            with contextlib.suppress(queue.Empty):
                one = self.environment.waiting.get(timeout=0.1)
                self.environment.taken[one.request_id] = one
                self._reply(200, json.dumps(one.event).encode(), _headers_of(one))
                return
        self.close_connection = True

    def _finish(self, one: Invocation, how: str, body: Any) -> None:
        one.how, one.answer = how, body
        one.done.set()
        if one.held is not None:
            one.held.wait(SECONDS)

    def _reply(
        self, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _headers_of(one: Invocation) -> dict[str, str]:
    """What comes with an event."""
    return {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": one.request_id,
        "Lambda-Runtime-Deadline-Ms": "4102444800000",
        "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Lambda-Runtime-Trace-Id": "Root=1-67a0c5e6-3f1d2b8a9c4e7f0011223344",
    }
