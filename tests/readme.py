"""The README's examples with their real answers, made from the demo; rewrites the README when run.

``python -m tests.readme`` writes what ``tests/test_readme.py`` compares with.
"""

import json
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from portal_api import app
from portal_api.demo import story
from portal_api.dev.examples import Example, Places, examples
from portal_api.services.due_series import run_all
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.api import call
from tests.demo.telling import lay

README = Path(__file__).parent.parent / "README.md"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_LONG = 60
"""An answer of so many lines is folded."""
_BLOCK = re.compile(r"<!-- example: (\S+) -->.*?<!-- /example -->", re.DOTALL)


def rendered(text: str) -> str:
    """The README's text with every example's document, variables and answer as they are now."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demo.sqlite"
        lay(file, until=NOW.replace(hour=0))
        engine = SqliteEngine(file, durable=False)
        store = TableStore(engine)
        chance = Random(0)
        run_all(Portal(store, lambda: NOW, app.id_maker(lambda: NOW, chance.getrandbits)))
        known = {example.key: example for example in examples()}
        made = _BLOCK.sub(lambda mark: _shown(store, known[mark.group(1)]), text)
        engine.close()
    return made


def _shown(store: TableStore, example: Example) -> str:
    people = story.people(store)
    portal = Portal(store, lambda: NOW, lambda: "readme00000000000000")
    variables = Places(store, people, portal.new_id).fill(example.variables)
    person = next(one.id for one in people if one.name == example.person)
    answer = call(portal, person, example.document, variables)
    assert "errors" not in answer, answer
    parts = [f"<!-- example: {example.key} -->", f"```graphql\n{_document(example)}\n```"]
    if variables:
        parts += ["with", f"```json\n{_json(variables)}\n```"]
    parts += [*_answer(_json(answer)), "<!-- /example -->"]
    return "\n\n".join(parts)


def _answer(text: str) -> tuple[str, ...]:
    """An answer; one that is long is folded away until it is asked for."""
    block = f"```json\n{text}\n```"
    if text.count("\n") < _LONG:
        return "answers", block
    return "<details><summary>answers (on a click)</summary>", block, "</details>"


def _document(example: Example) -> str:
    lines = example.document.strip().splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def _json(value: object) -> str:
    """JSON with what fits on a line on one line."""
    return _folded(value, "")


def _folded(value: object, indent: str) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) <= 100 or not isinstance(value, dict | list) or not value:
        return flat
    deeper = indent + "  "
    if isinstance(value, dict):
        inner = [f"{json.dumps(key)}: {_folded(part, deeper)}" for key, part in value.items()]
        opening, closing = "{", "}"
    else:
        inner = [_folded(part, deeper) for part in value]
        opening, closing = "[", "]"
    body = ",\n".join(deeper + part for part in inner)
    return f"{opening}\n{body}\n{indent}{closing}"


if __name__ == "__main__":
    README.write_text(rendered(README.read_text("utf-8")), "utf-8")
