"""The example operations of the README, the local portal and the tests: one file for each.

The first comment of a document says what it is, the second as whom to ask it. Beside a mutation is
a JSON file with its variables, in which ``{Program Growth}``, ``{Partner NAME}``,
``{Individual NAME}`` and ``{Deal submitted}`` stand for ids in the store, and ``{new}`` for an id
that was never used.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from portal_api.demo.story import Person
from portal_api.domain.deals import Deal
from portal_api.domain.programs import Program
from portal_api.schema.ids import encoded
from portal_api.services.deals import SUBMITTED_DEALS
from portal_api.services.store import Listed, Many, One, Store, of_vendor

_PLACEHOLDER = re.compile(r"\{(\w+) ?([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Example:
    """A document to ask as somebody. ``variables`` still has its placeholders."""

    key: str
    title: str
    person: str
    document: str
    variables: dict[str, Any]


def examples() -> tuple[Example, ...]:
    """All examples, in the order in which they make sense."""
    folder = files(__name__)
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".graphql"))
    found = []
    for name in names:
        key = name.removesuffix(".graphql")
        title, person, *_ = folder.joinpath(name).read_text("utf-8").splitlines()
        beside = folder.joinpath(f"{key}.json")
        variables = json.loads(beside.read_text("utf-8")) if beside.is_file() else {}
        document = folder.joinpath(name).read_text("utf-8")
        found.append(
            Example(key, title.lstrip("# "), person.removeprefix("# As "), document, variables)
        )
    return tuple(found)


class Places:
    """What the placeholders stand for in a store, as it is when this is made."""

    def __init__(self, store: Store, people: tuple[Person, ...], new_id: Callable[[], str]) -> None:
        """Looks up programs and waiting deals; the people are known."""
        self._new_id = new_id
        programs_want, waiting_want = Many(Program, of_vendor()), Listed(SUBMITTED_DEALS, 1)
        found = store.read([programs_want, waiting_want])
        self._ids = {("Program", one.name): one.id for one in found[programs_want].records}
        for deal_id in found[waiting_want].ids:
            want = One(Deal, deal_id)
            if store.read([want])[want] is not None:
                self._ids["Deal", "submitted"] = deal_id
        for person in people:
            self._ids["Individual", person.name] = f"{person.partner_id or 'vendor'}.{person.id}"
            if person.partner and person.partner_id:
                self._ids["Partner", person.partner] = person.partner_id

    def fill(self, template: Any) -> Any:
        """The template with its placeholders replaced; one that stands for nothing stays."""
        if isinstance(template, dict):
            return {name: self.fill(value) for name, value in template.items()}
        if isinstance(template, list):
            return [self.fill(value) for value in template]
        if isinstance(template, str):
            return _PLACEHOLDER.sub(self._replacement, template)
        return template

    def _replacement(self, match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "new":
            return self._new_id()
        record_id = self._ids.get((kind, name))
        return match.group() if record_id is None else encoded(kind, record_id)
