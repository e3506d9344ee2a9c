"""What is another partner's and what was never there are one: the same answer for the same work.

For every id that a mutation or a query takes, as every role of a partner. The places of ids are
found in the schema, so that a new one is in it once it is declared. A program is the vendor's: one
that a partner's people may know of tells why it is not for them, and any other never was.
"""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pytest

from portal_api.demo import story
from portal_api.domain.access import Audience
from portal_api.domain.partners import VENDOR_ROLES, Role
from portal_api.schema.ids import encoded, split
from portal_api.schema.mutations import ROLES
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from portal_api.storage.table import Item, Key, Page, Query
from tests.api import body_of, entry_of, event_of
from tests.demo.telling import AFTERWARDS, told
from tests.schema.matrix import is_node
from tests.schema.matrix_demo import MATRIX, SCHEMA, Cast, Node, everything_at_once
from tests.schema.wishes import Path, Wish, id_paths
from tests.services.stores import CountingEngine

CONSENTS = "query($id: ID!) { node(id: $id) { ... on Partner { consents { id } } } }"
REFUSED = "... on Refusal { code message } ... on NotFound { field } ... on InvalidInput { field }"
NODES = {kind.name for kind in MATRIX.types() if is_node(kind)}
KINDS = tuple(sorted({*NODES, "Consent"}))
KINDS_OF = {
    "id": KINDS,
    "partyId": ("Individual", "Partner"),
    "ownerId": ("Individual",),
    "payeeCompanyId": ("Partner",),
    "batchId": ("PayoutBatch",),
}
"""What an argument takes whose name is not that of the kind."""
MUTATIONS, QUERIES = MATRIX.type("Mutation").fields, MATRIX.type("Query").fields
ASKED = sorted(
    (name, path) for name, of in (MUTATIONS | QUERIES).items() for path in id_paths(of.args)
)
OF_EACH = 3
"""How many foreign records are tried of each form of ids."""


_ROLE = "NOT_PERMITTED"
ELSEWISE = {
    ("changeEmployment", "partnerId"): _ROLE,
    ("changeEmployment", "teamId"): "INVALID_INPUT",
    ("dryRun", "partnerId"): _ROLE,
    ("dryRun", "programId"): _ROLE,
    ("endEnrollment", "partnerId"): "NOT_ENROLLED",
    ("endEnrollment", "programId"): "NOT_ENROLLED",
    ("joinLeaderboard", "programId"): "NOT_ENROLLED",
    ("previewConsent", "individualIds"): _ROLE,
    ("previewConsent", "partnerId"): _ROLE,
    ("previewConsent", "teamIds"): _ROLE,
    ("previewEarnings", "individualId"): "INVALID_INPUT",
    ("requestPayout", "payeeCompanyId"): "INVALID_INPUT",
}
"""What is told of something else before an id is looked at, or without it, whatever it is."""


def kinds_of(argument: str) -> tuple[str, ...]:
    """The kinds of ids that an argument takes, by its name."""
    name = argument.removesuffix("s").removesuffix("Id")
    return KINDS_OF.get(argument) or (name[0].upper() + name[1:],)


@dataclass(frozen=True)
class Answered:
    """What somebody was told; the waves, and how much was asked for and written in them."""

    told: Any
    waves: str
    asked: int
    written: int


class Counting(CountingEngine):
    """Counts no parts of budgets: by a person's id goes which of 16 are asked, one or two."""

    def read(
        self, gets: Sequence[Key], queries: Sequence[Query] = ()
    ) -> tuple[tuple[Item | None, ...], tuple[Page, ...]]:
        self.asked -= sum("#SHARD#" in key.pk for key in gets)
        return super().read(gets, queries)


class Lands:
    """The demo on a counting engine, and the records of each kind that there are in it."""

    def __init__(self, cast: Cast, engine: Counting) -> None:
        self.cast, self.engine = cast, engine
        portal = Portal(TableStore(engine), lambda: AFTERWARDS, lambda: "asked0")
        self.entry = entry_of(portal)
        self.requests = itertools.count(1)
        self.nodes = [*cast.known(), *self._consents()]
        self.people = list({one.role: one for one in reversed(cast.people)}.values())

    def _consents(self) -> Iterator[Node]:
        """Consents have ids, and are no nodes."""
        for partner in sorted({one.partner_id for one in self.cast.people if one.partner_id}):
            found = self.cast.ask(self.cast.vendor, CONSENTS, id=encoded("Partner", partner))
            yield from (("Consent", one["id"]) for one in found["node"]["consents"])

    @cache  # noqa: B019 - It lives as long as the tests of this module.
    def own(self, who: story.Person, argument: str) -> str:
        """The id of a record, as an argument takes it, that somebody has most to do with."""
        kind = kinds_of(argument)[0]
        known = [node for node in self.nodes if node[0] == kind]
        if kind == "Program":
            known = [node for node in known if self.cast.sees(who, node)]
        return max(known, key=lambda node: _closeness(self.cast.relation(who, node)))[1]

    @cache  # noqa: B019 - It lives as long as the tests of this module.
    def foreign(self, who: story.Person, kind: str) -> tuple[str, ...]:
        """Ids of what somebody may not know to be there; those of people also as if at home."""
        known = [node for node in self.nodes if node[0] == kind]
        if kind == "Program":
            return tuple(node[1] for node in known if not self.cast.sees(who, node))
        of_form: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for node in known:
            if self.cast.relation(who, node) == {Audience.ANYONE}:
                of_form[_form(node[1])].append(node[1])
        some = [one for ids in of_form.values() for one in ids[:: -(-len(ids) // OF_EACH)]]
        return (*some, *(_at_home(who, one) for one in some if "ind-" in split(one)[1]))

    def ask(self, who: story.Person, name: str, path: Path, node_id: str) -> Answered:
        """What a mutation or a field of the root tells, given an id in some place."""
        of = (MUTATIONS | QUERIES)[name]
        given = Wish(of.args, {path: node_id}, partial(self.own, who)).made()
        if name in MUTATIONS:
            given["input"]["requestId"] = f"alike-{next(self.requests):06}"
        declared = ", ".join(f"${one}: {of.args[one].type}" for one in given)
        arguments = ", ".join(f"{one}: ${one}" for one in given)
        kind = "mutation" if name in MUTATIONS else "query"
        refused = REFUSED if str(of.type).rstrip("!").endswith("Result") else ""
        document = f"{kind} Ask({declared}) {{ {name}({arguments}) {{ __typename {refused} }} }}"
        self.engine.forget()
        answer = body_of(self.entry(event_of(who.id, document, given)))
        engine = self.engine
        found = answer["errors"] if "errors" in answer else answer["data"][name]
        return Answered(found, engine.waves, engine.asked, len(engine.written))


def _closeness(to: frozenset[Audience]) -> int:
    order = (Audience.COLLEAGUE, Audience.EXECUTIVE, Audience.OWNER)
    return sum(2**place for place, audience in enumerate(order) if audience in to)


def _form(node_id: str) -> tuple[str, ...]:
    """What an id's parts are of."""
    return tuple(part.rpartition("-")[0] for part in split(node_id)[1].split("."))


def _at_home(who: story.Person, node_id: str) -> str:
    """Another partner's id as if it were of the own one: with its people, and its numbers."""
    kind, record_id = split(node_id)
    first, dot, rest = record_id.partition(".")
    return encoded(kind, f"{who.partner_id}.{rest}" if dot and first[:4] == "ptn-" else record_id)


def never(who: story.Person, node_id: str) -> str:
    """An id of the same form, of what was never there; at home, if that one is."""
    kind, record_id = split(node_id)
    program_too = kind == "Program"
    parts = (_unknown(who, part, program_too) for part in record_id.split("."))
    return encoded(kind, ".".join(parts))


def _unknown(who: story.Person, part: str, program_too: bool) -> str:
    letters, dash, own = part.rpartition("-")
    known = part in (who.partner_id, "vendor") or (letters == "prg" and not program_too)
    return part if known else f"{letters}{dash}{'0' * len(own)}"


@pytest.fixture(scope="module")
def lands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lands]:
    """Give the demo, counted."""
    for demo in told(tmp_path_factory.mktemp("alike") / "demo.sqlite"):
        engine = Counting(SqliteEngine(demo.path, durable=False))
        with everything_at_once():
            yield Lands(Cast(demo), engine)
        engine.close()


def _roles(name: str) -> frozenset[Role]:
    """The roles of a partner that may ask."""
    mutations = SCHEMA.get_type_by_name("Mutation").fields  # type: ignore[union-attr]
    name_of = SCHEMA.config.name_converter.from_field
    roles: dict[str, frozenset[Role]] = {
        name_of(field): field.metadata[ROLES] for field in mutations
    }
    return roles.get(name, frozenset(Role)) - VENDOR_ROLES


@pytest.mark.parametrize(("name", "path"), ASKED, ids=[f"{n}-{'.'.join(p)}" for n, p in ASKED])
def test_what_is_anothers_is_as_if_it_had_never_been(lands: Lands, name: str, path: Path) -> None:
    """The same text, type and code, and as many waves, keys and transactions."""
    different, told = [], set()
    for who in lands.people:
        for kind in kinds_of(path[-1]) if who.role in _roles(name) else ():
            for node_id in lands.foreign(who, kind):
                theirs = lands.ask(who, name, path, node_id)
                nobodys = lands.ask(who, name, path, never(who, node_id))
                told.add(_told(theirs.told, path))
                if theirs != nobodys:
                    different.append((who.role, split(node_id), theirs, nobodys))
    assert [] == different
    assert not told or told & {"nothing", ELSEWISE.get((name, path[-1]))}
    assert "success" not in told


def _told(told: Any, path: Path) -> str:
    """That there is nothing at that place, or what else was told."""
    if isinstance(told, dict) and "code" in told:
        nothing = told["code"] == "NOT_FOUND" and told["field"] in path
        return "nothing" if nothing else str(told["code"])
    return "nothing" if told is None else "success"
