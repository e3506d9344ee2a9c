"""How much memory and processor time the API's function needs: ``python -m tests.footprint``.

One process, as a function is one: it serves every example of the README on the demo's data in a
DynamoDB on this machine, then the heaviest request, an import of 500 activities. Peak memory is the
kernel's figure for the process (``ru_maxrss``). Processor time is that of the second of two equal
requests; of the import, where the second finds all of it there, that of the first. The processor of
a function grows with its memory, to one at 1,769 MB
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html), so the last column is how
long the work takes with the memory that the function has.
"""

import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from portal_api import app, handler
from portal_api.demo import story
from portal_api.dev.examples import Places, examples
from portal_api.storage.dynamo import DynamoEngine
from portal_api.storage.store import TableStore
from tests import ministack
from tests.api import CLIENT_ID, body_of, event_of
from tests.readme import NOW

MEMORY_MB = 1024
"""What the API's function has: infra's own constant is tested to be this."""
_PROCESSOR_MB = 1769
_KB = 1024
"""``ru_maxrss`` is in KB on Linux."""
_IMPORT = """mutation($content: String!, $requestId: String!) {
  importActivities(input: {content: $content, requestId: $requestId}) {
    __typename ... on ActivitiesImported { report { imported } } ... on Refusal { message } } }"""


def main() -> None:
    """Tells the demo into a table, then serves it from a new process."""
    if len(sys.argv) > 1:
        _serve(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder, ministack.running(Path(folder)) as url:
        _tell(url)
        subprocess.run([sys.executable, "-m", "tests.footprint", url], check=True)


def _tell(url: str) -> None:
    engine = _engine(url)
    engine.create()
    story.tell(TableStore(engine), app.id_maker, until=NOW.replace(hour=0))
    engine.close()


def _engine(url: str) -> DynamoEngine:
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return DynamoEngine("footprint", "us-east-1", url, deadline_seconds=60)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _KB


def _serve(url: str) -> None:
    lines = [("imported", 0.0, _peak())]
    logging.disable()
    engine = _engine(url)
    store = TableStore(engine)
    entry = handler.entry_of(
        "bench", app.create_app(store, app.system_clock, app.new_id), {CLIENT_ID}, ()
    )
    people = story.people(store)

    def ask(title: str, person: str, document: str, variables: Mapping[str, Any]) -> None:
        who = next(one.id for one in people if one.name == person)
        spent = [_spent(entry, who, document, fill(dict(variables))) for _ in range(2)]
        lines.append((title, max(spent) if "import" in title else spent[-1], _peak()))

    def fill(variables: dict[str, Any]) -> Any:
        return Places(store, people, app.new_id).fill(variables)

    for one in examples():
        ask(one.title, one.person, one.document, one.variables)
    admin = next(one.name for one in people if one.role.value == "ADMIN")
    rep = next(one for one in people if one.role.value == "SALES_REP")
    content = {"content": _content(rep.id), "requestId": "{new}"}
    ask("an import of 500 activities", admin, _IMPORT, content)
    engine.close()
    _show(lines)


def _spent(entry: handler.Entry, who: str, document: str, variables: Mapping[str, Any]) -> float:
    event = event_of(who, document, variables)
    started = time.process_time()
    response = entry(event)
    spent = time.process_time() - started
    assert 200 == response["statusCode"], response
    assert "errors" not in body_of(response), response["body"]
    return spent * 1000


def _show(lines: list[tuple[str, float, int]]) -> None:
    rows = [f"| request | CPU ms | peak MB | ms with {MEMORY_MB} MB |", "|---|---:|---:|---:|"]
    rows += [
        f"| {title} | {spent:.1f} | {peak} | {spent * _PROCESSOR_MB / MEMORY_MB:.0f} |"
        for title, spent, peak in lines
    ]
    sys.stdout.write("\n".join([*rows, ""]))


def _content(individual: str) -> str:
    """As many rows as one import takes."""
    rows = [
        f"bench,event-{number},{individual},{{Program Growth}},TRAINING_COMPLETED,2026-11-20"
        for number in range(500)
    ]
    return "\n".join(["source,source_event_id,individual,program,behavior,occurred_at", *rows])


if __name__ == "__main__":
    main()
