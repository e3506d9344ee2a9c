"""What a new environment takes to its first answer: ``make cold-start`` prints it.

``python -m tests.cold_start build/cold_start.md`` takes a few minutes. It measures processes that
find nothing but a bundle, by the deployed version of Python where this machine has it:

- the bundle as it is, the same without byte code, and the same restored from a snapshot,
- and what it is compared with: the same program with all that is installed, X-Ray's SDK and the
  Tracer that uses it, all of it compiled.

They take turns, so that what else the machine does falls on all of them. The time is the
processor's, which depends least on that. The request is a query for a person in a table, so it
makes the client of DynamoDB, whose answers come from a local one in another process.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import snapshot_restore_py

from infra import bundle
from portal_api import settings
from tests import ministack
from tests.api import event_of
from tests.infra.runtime import ADMIN, CREDENTIALS, NAME, table_with_one_person

ROUNDS = 11
TRACER = ("aws-xray-sdk==2.15.0", "wrapt==2.5.2")
BASELINE = "with Tracer and all of botocore, compiled"

_PROBE = """
import json, sys, time
started = time.process_time()
how, event, task, hooks = sys.argv[1:]
sys.path += [task, hooks]
from portal_api import handler
function = handler.handler
if how == "traced":
    from aws_lambda_powertools import Tracer
    function = Tracer(service="portal").capture_lambda_handler(function)
class Context:
    function_name = "portal"
    aws_request_id = "1"
given = json.loads(event)
if how == "restored":
    import snapshot_restore_py as hooks
    for hook, _, _ in hooks.get_before_snapshot():
        hook()
    started = time.process_time()
    for hook, _, _ in hooks.get_after_restore():
        hook()
imported = time.process_time()
answer = function(given, Context())
answered = time.process_time()
assert "Ada" in answer["body"], answer
sys.stderr.write(json.dumps([1000 * (imported - started), 1000 * (answered - imported)]))
"""


@dataclass(frozen=True)
class Kind:
    """One way to start: its name, its folder, and how the probe goes about it."""

    name: str
    task: Path
    how: str


def main(target: Path) -> None:
    """Measures, prints the table, and writes it to ``target``."""
    settings.pretend_credentials()  # For the local endpoint.
    version = _version()
    interpreter = bundle.interpreter_of(version)
    with tempfile.TemporaryDirectory() as folder:
        kinds = list(_kinds(Path(folder), version, interpreter))
        with ministack.running(Path(folder)) as url:
            variables = table_with_one_person("cold-start", url)
            runs: dict[Kind, list[tuple[float, float]]] = defaultdict(list)
            for _ in range(ROUNDS):
                for kind in kinds:
                    runs[kind].append(_run(interpreter, kind, variables, Path(folder)))
    table = _shown(runs, _full_version(interpreter))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(table, "utf-8")
    sys.stdout.write(f"{table}\nWritten to {target}.\n")


def _version() -> str:
    """The deployed version of Python where it is here, else that of this process."""
    try:
        bundle.interpreter_of(bundle.LAMBDA_PYTHON)
    except bundle.BundleError:
        return bundle.OWN_PYTHON
    return bundle.LAMBDA_PYTHON


def _kinds(folder: Path, version: str, interpreter: Path) -> Iterator[Kind]:
    """The ways to start, each in a folder that is ready."""
    hooks = folder / "hooks"
    hooks.mkdir()
    shutil.copy(Path(snapshot_restore_py.__file__), hooks)
    made = bundle.build(folder / "bundle.zip", platform=bundle.THIS_MACHINE, python=version)
    with zipfile.ZipFile(made.path) as packed:
        packed.extractall(folder / "bundle")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(folder / "bundle", folder / "sources", ignore=ignored)
    full = folder / "full"
    bundle._install(full, (), bundle.THIS_MACHINE, version, interpreter)
    where = ("--target", str(full), "--python", str(interpreter))
    bundle._run(str(bundle._uv()), "--no-config", "pip", "install", "--no-deps", *where, *TRACER)
    bundle._add_program(full)
    bundle._compile(full, interpreter)
    yield Kind(BASELINE, full, "traced")
    yield Kind("the bundle without byte code", folder / "sources", "plain")
    yield Kind("the bundle", folder / "bundle", "plain")
    yield Kind("the bundle, restored from a snapshot", folder / "bundle", "restored")


def _run(
    interpreter: Path, kind: Kind, variables: Mapping[str, str], folder: Path
) -> tuple[float, float]:
    """Milliseconds to import, and to answer the first request, in a process of its own."""
    event = json.dumps(event_of(ADMIN, NAME))
    arguments = [kind.how, event, str(kind.task), str(folder / "hooks")]
    environment = {
        "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": str(kind.task),  # Else the Tracer is switched off.
        "PATH": os.defpath,
        "_X_AMZN_TRACE_ID": "Root=1-67a0c5e6-3f1d2b8a9c4e7f0011223344;Sampled=1",
        **CREDENTIALS,
        **variables,
    }
    done = subprocess.run(
        [str(interpreter), "-I", "-S", "-B", "-c", _PROBE, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{kind.name} failed:\n{done.stdout}{done.stderr}")
    imported, answered = json.loads(done.stderr.splitlines()[-1])
    return imported, answered


def _shown(runs: Mapping[Kind, list[tuple[float, float]]], python: str) -> str:
    """The table, in Markdown."""
    medians = {
        kind: [statistics.median(column) for column in zip(*measured, strict=True)]
        + [statistics.median(map(sum, measured))]
        for kind, measured in runs.items()
    }
    (baseline,) = (values[2] for kind, values in medians.items() if kind.name == BASELINE)
    lines = [
        f"Milliseconds of processor time, medians of {ROUNDS} new processes each, Python {python}:",
        "",
        "| | import | first request | both | ratio |",
        "|---|---|---|---|---|",
    ]
    for kind, (imported, answered, both) in medians.items():
        ratio = f"{both / baseline:.2f}"
        lines.append(f"| {kind.name} | {imported:.0f} | {answered:.0f} | {both:.0f} | {ratio} |")
    return "\n".join(lines) + "\n"


def _full_version(interpreter: Path) -> str:
    command = [str(interpreter), "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
