"""Which IAM actions each function uses: a plugin that listens to a test run's requests.

``pytest -p tests.infra.recording --actions-in FOLDER …`` leaves there, for every worker, a file of
``{"api": ["dynamodb:Query", …], "api:DeleteItem": ["LIST#*", …], …}``, the second being the
partitions of what was deleted; so for what was put and updated. A transaction counts as the
operations inside it, as IAM has it:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

import contextlib
import functools
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from portal_api import handler
from portal_api.functions import tokens, webhooks
from portal_api.services import due_series
from portal_api.storage import dynamo

_ITEMS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_ENTRIES = (
    ("api", handler.Entry, "__call__"),
    ("scheduled", due_series, "_ran"),
    ("tokens", tokens, "admitted"),
    ("webhooks", webhooks, "run"),
)
"""Each function's own work, less what only reads its environment."""
_OWN = frozenset({due_series.INSIGHTS})
"""The series that have a function of their own, of the same name."""


class Recorder:
    """The actions of whichever function is at work; tests are at work themselves between."""

    def __init__(self) -> None:
        self.function: str | None = None
        self.actions: defaultdict[str, set[str]] = defaultdict(set)

    def heard(self, operation: str, content: Mapping[str, Any]) -> None:
        """A request of the table."""
        if self.function is None:
            return
        names = {operation}
        if operation == "TransactWriteItems":
            names = {_ITEMS[kind] for item in content["TransactItems"] for kind in item}
            for item in content["TransactItems"]:
                for name, what in (("Delete", "Key"), ("Put", "Item"), ("Update", "Key")):
                    if name in item:
                        partition = _pattern(item[name][what]["pk"]["S"])
                        self.actions[f"{self.function}:{_ITEMS[name]}"].add(partition)
        self.actions[self.function] |= {f"dynamodb:{name}" for name in names}

    @contextlib.contextmanager
    def at_work(self, function: str) -> Iterator[None]:
        """What is asked within is that function's."""
        before, self.function = self.function, self.function or function
        try:
            yield
        finally:
            self.function = before


def _pattern(partition: str) -> str:
    """The partitions that are alike; of a program its parts are not, such as insight and budget."""
    kind, _, rest = partition.partition("#")
    _, *part = rest.split("#")
    return f"{kind}#*#{part[0]}" if kind == "PROGRAM" else f"{kind}#*"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the record goes."""
    parser.addoption("--actions-in", type=Path)


@pytest.fixture(scope="session", autouse=True)
def recorded_actions(request: pytest.FixtureRequest) -> Iterator[None]:
    """Listen to all tests of this worker."""
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch:
        for name, owner, attribute in _ENTRIES:
            patch.setattr(owner, attribute, _listening(recorder, name, getattr(owner, attribute)))
        dispatch = dynamo.DynamoEngine._dispatch

        def heard(engine: Any, operation: str, content: dict[str, Any]) -> dict[str, Any]:
            recorder.heard(operation, content)
            return dispatch(engine, operation, content)

        patch.setattr(dynamo.DynamoEngine, "_dispatch", heard)
        yield
    found = {name: sorted(actions) for name, actions in recorder.actions.items()}
    folder: Path = request.config.getoption("--actions-in")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{os.getpid()}.json").write_text(json.dumps(found), "utf-8")


def _listening(recorder: Recorder, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(work)
    def listened(*arguments: Any, **named: Any) -> Any:
        series = {one.name for one in arguments if isinstance(one, due_series.Series)}
        with recorder.at_work(next(iter(series & _OWN), name)):
            return work(*arguments, **named)

    return listened


def read(*folders: Path) -> dict[str, frozenset[str]]:
    """What all workers have recorded."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    files = [file for folder in folders for file in folder.glob("*.json")]
    for file in files:
        for name, actions in json.loads(file.read_text("utf-8")).items():
            found[name].update(actions)
    return {name: frozenset(actions) for name, actions in found.items()}
