"""The demo asked everything as everybody: who is what to whom, and what came of it."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pytest
from graphql import GraphQLUnionType, get_named_type

from portal_api.demo import story, world
from portal_api.domain import deals
from portal_api.domain.access import Audience
from portal_api.domain.partners import VENDOR_ROLES, Role
from portal_api.schema import build_schema, costs, limits
from portal_api.schema.ids import encoded, split
from portal_api.services.store import One
from portal_api.services.use_case import Portal
from tests.api import body_of, entry_of, event_of
from tests.demo.telling import AFTERWARDS, Told
from tests.schema.matrix import Against, Matrix, Place, Walk, node_of

AT_ONCE = 25
GIVEN = {
    "first": "3",
    "month": '"2026-03"',
    "asOf": '"2026-04-01T00:00:00Z"',
    "year": "2026",
    "fromCurrency": '"EUR"',
    "toCurrency": '"USD"',
    "currencyCode": '"USD"',
    "partnerType": "VAR",
    "subject": '{deal: {product: "Lantern Fleet", amount: {amount: "1.00", currencyCode: "USD"}}}',
}
"""What arguments are asked with, by their names; ids come from the demo."""
SCHEMA = build_schema()
MATRIX = Matrix(SCHEMA, GIVEN)
HOMES = (world.FERNHILL, world.LARKSPUR, world.DOVECOTE)
"""Partners with people of every role between them, and each other's strangers."""
REFUSED = {"NOT_FOUND", "NOT_PERMITTED", "INVALID_INPUT"}
"""What a field of the root may refuse somebody with."""
Node = tuple[str, str]
"""A kind, and a global id."""


class Cast:
    """The demo, and who asks it: of some partners and the vendor one of each role."""

    def __init__(self, demo: Told) -> None:
        self.demo = demo
        self.entry = entry_of(Portal(demo.store, lambda: AFTERWARDS, lambda: "asked0"))
        self.people = _one_of_each(demo)
        self.vendor = demo.person(world.ADMIN.name)
        self._programs: dict[str, set[str]] = {}
        self._shares: dict[str, set[str]] = {}

    def ask(self, who: story.Person, document: str, **variables: str) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = body_of(self.entry(event_of(who.id, document, variables)))
        assert "errors" not in answer, (who, document, answer["errors"])
        data: dict[str, Any] = answer["data"]
        return data

    def nodes(
        self, who: story.Person, asked: list[Node], matrix: Matrix = MATRIX
    ) -> dict[Node, dict[str, Any] | None]:
        """All that is to be known of some nodes, as somebody is told it."""
        matrix = self._asking(matrix)
        found: dict[Node, dict[str, Any] | None] = {}
        of_kind: dict[str, list[str]] = defaultdict(list)
        for kind, node_id in asked:
            of_kind[kind].append(node_id)
        for kind, ids in of_kind.items():
            for start in range(0, len(ids), AT_ONCE):
                part = dict(enumerate(ids[start : start + AT_ONCE]))
                declared = ", ".join(f"$i{place}: ID!" for place in part)
                each = " ".join(f"i{place}: node(id: $i{place}) {{ ...All }}" for place in part)
                head = f"query({declared}) {{ {each} }}"
                document = matrix.document(matrix.type(kind), head)
                data = self.ask(who, document, **{f"i{place}": one for place, one in part.items()})
                found |= {(kind, one): data[f"i{place}"] for place, one in part.items()}
        return found

    def relation(self, who: story.Person, node: Node) -> frozenset[Audience]:
        """What somebody is to a record, by the ids in its id and whom a deal was divided between.

        A wallet's records are of the person alone: they go with whoever changes the partner.
        """
        kind, record_id = node[0], split(node[1])[1]
        parts = record_id.split(".")
        partner = next((part for part in parts if part.startswith("ptn-")), None)
        owners = {part for part in parts if part.startswith("ind-")}
        if kind == "Deal":
            owners |= self._sharing(record_id)
        found = {Audience.ANYONE}
        if who.role in VENDOR_ROLES:
            found.add(Audience.VENDOR)
        if partner is not None and partner == who.partner_id:
            found.add(Audience.COLLEAGUE)
            if who.role is Role.PARTNER_EXECUTIVE:
                found.add(Audience.EXECUTIVE)
        if who.id in owners and partner in (None, who.partner_id):
            found.add(Audience.OWNER)
        return frozenset(found)

    def _sharing(self, deal_id: str) -> set[str]:
        """Whom a deal was divided between, and whom it has paid."""
        if deal_id not in self._shares:
            deal = self.demo.read(One(deals.Deal, deal_id))
            paid = {award.recipient_id for award in deal.awards if award.earning_id}
            self._shares[deal_id] = paid | {credit.individual_id for credit in deal.credits}
        return self._shares[deal_id]

    def sees(self, who: story.Person, node: Node) -> bool:
        """Whether somebody may see a node: by its type's audience; a program, if it is for them.

        Or if it would be, with a higher tier or in another role.
        """
        if node[0] == "Program":
            if who.id not in self._programs:
                document = "{ viewer { programs { id } programOffers { program { id } } } }"
                found = self.ask(who, document)["viewer"]
                offered = [offer["program"] for offer in found["programOffers"]]
                self._programs[who.id] = {one["id"] for one in [*found["programs"], *offered]}
            return node[1] in self._programs[who.id]
        return bool(MATRIX.audience(node[0]) & self.relation(who, node))

    def node_of(self, person: story.Person) -> Node:
        """A person."""
        at = person.partner_id or "vendor"
        return "Individual", encoded("Individual", f"{at}.{person.id}")

    @cached_property
    def named(self) -> dict[str, Node]:
        """What the root is asked about, by the names of arguments: one person and its company."""
        person = self.demo.person(world.MARA.name)
        programs = self.ask(self.vendor, "{ viewer { programs { id } } }")["viewer"]["programs"]
        owner = self.node_of(person)
        return {
            "id": owner,
            "partyId": owner,
            "individualId": owner,
            "partnerId": ("Partner", encoded("Partner", person.partner_id or "")),
            "programId": ("Program", programs[0]["id"]),
        }

    def _asking(self, matrix: Matrix) -> Matrix:
        """A matrix that asks about what is named."""
        named = {argument: f'"{node_id}"' for argument, (_, node_id) in self.named.items()}
        return replace(matrix, given={**matrix.given, **named})

    def root(self, matrix: Matrix, who: story.Person, name: str) -> Walk:
        """A field of the root, asked of one person and its company."""
        document = self._asking(matrix).root(name)
        answer = body_of(self.entry(event_of(who.id, document)))
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        assert codes <= REFUSED, (who, document, answer)
        walk = Walk(matrix)
        value = {"__typename": "Query", **(answer["data"] or {})}
        walk.of(value, self.of_root(who, name), "Query")
        return walk

    def of_root(self, who: story.Person, name: str) -> frozenset[Audience]:
        """What somebody is to what a field of the root is asked about; the viewer is its own.

        A party's wallet goes with the person, and not with the partner.
        """
        if name == "viewer":
            return self.relation(who, self.node_of(who))
        document = self._asking(MATRIX).root(name)
        kind, node_id = next((one for one in self.named.values() if one[1] in document), ("", ""))
        if "partyId" in MATRIX.type("Query").fields[name].args:
            node_id = encoded(kind, split(node_id)[1].rpartition(".")[2])
        return self.relation(who, (kind, node_id))

    def known(self) -> list[Node]:
        """The nodes of the partners, their people and the vendor that lists and links lead to."""
        wide = Matrix(SCHEMA, GIVEN | {"first": "20"})
        walk = Walk(wide)
        for name in MATRIX.type("Query").fields:
            walk.links |= self.root(wide, self.vendor, name).links
        partners = {one.partner_id for one in self.people if one.partner_id}
        start = [("Partner", encoded("Partner", one)) for one in sorted(partners)]
        start += [self.node_of(one) for one in self.people]
        start += sorted(one for one in walk.links if one[0] in ("Program", "WebhookEndpoint"))
        for value in self.nodes(self.vendor, start, wide).values():
            walk.of(value, frozenset(Audience), "")
        own = {"vendor", *partners, *(one.id for one in self.people)}
        return [*start, *sorted(walk.links - set(start) - set(_of_others(walk.links, own)))]


@contextmanager
def everything_at_once() -> Iterator[None]:
    """Lets one document ask for all there is of many nodes, which no portal does.

    What is told to whom is in question here, and not how much a document may ask for.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(limits, "MAX_SELECTIONS", 10**6)
        patched.setattr(costs, "MAX_COST", 10**9)
        yield


def _one_of_each(demo: Told) -> list[story.Person]:
    """One of each role at each home, and a colleague who does the same as the first."""
    found: dict[object, story.Person] = {}
    for one in demo.people:
        if one.partner in (None, *HOMES):
            again = one.partner == HOMES[0] and (one.partner, one.role, False) in found
            found.setdefault((one.partner, one.role, again), one)
    return list(found.values())


def _of_others(nodes: set[Node], own: set[str]) -> Iterator[Node]:
    for kind, node_id in nodes:
        first = split(node_id)[1].split(".")[0]
        if first.startswith(("ptn-", "ind-")) and first not in own:
            yield kind, node_id


@dataclass
class Seen:
    """What came of asking everything as everybody.

    ``shown`` is what the declarations do not allow, ``missing`` what they promise and nobody told;
    ``asked`` are the places that an answer could have told of, ``valued`` those that it did.
    """

    cast: Cast
    shown: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    asked: set[Place] = field(default_factory=set)
    valued: set[Place] = field(default_factory=set)

    def nodes(self) -> None:
        """Everything with an id, as everybody, held against what the vendor is told of it."""
        whole = _telling(self.cast.nodes(self.cast.vendor, self.cast.known()))
        for who in self.cast.people:
            walk = Walk(MATRIX)
            for node, value in self.cast.nodes(who, list(whole)).items():
                sees = self.cast.sees(who, node)
                if sees is not (value is not None):
                    (self.missing if sees else self.shown).add(f"{who.role}: {node[0]}")
                if sees and value is not None:
                    self._node(who, node, value, whole[node], walk)
            self._take(who, walk)

    def _node(
        self,
        who: story.Person,
        node: Node,
        value: dict[str, Any],
        whole: dict[str, Any],
        walk: Walk,
    ) -> None:
        to = self.cast.relation(who, node)
        walk.of(value, to, node[0])
        against = Against(MATRIX, to, lambda kind, one: self.cast.sees(who, (kind, one)))
        self.missing |= set(against.missing(value, whole, node[0]))

    def root(self) -> None:
        """Every field of the root, as everybody."""
        for name, of in MATRIX.type("Query").fields.items():
            kind = get_named_type(of.type)
            lacking, told = set[str](), set[str]()
            for who in self.cast.people:
                walk = self.cast.root(MATRIX, who, name)
                value = walk.links or walk.valued - {("Query", name)}
                if _is_for(self.cast.of_root(who, name), kind):
                    (told if value else lacking).add(f"{who.role}: Query.{name}")
                self._take(who, walk)
            self.missing |= lacking if told else set()

    def _take(self, who: story.Person, walk: Walk) -> None:
        """Adds one viewer's answers."""
        self.shown |= {f"{who.role}: {path}" for path in walk.shown}
        secret = {one for one in walk.links if not self.cast.sees(who, one)}
        self.shown |= {f"{who.role}: a link to {split(one)[1]}" for _, one in secret}
        self.asked |= walk.asked
        self.valued |= walk.valued


def _is_for(to: frozenset[Audience], kind: Any) -> bool:
    """Whether a field of the root of that type has something to tell."""
    if isinstance(kind, GraphQLUnionType):
        return any(_is_for(to, one) for one in kind.types if one.name not in MATRIX.answers)
    if kind.name.endswith("Connection"):
        kind = node_of(kind)
    return kind.name != "Node" and bool(MATRIX.audience(kind.name) & to)


def _telling(whole: dict[Node, dict[str, Any] | None]) -> dict[Node, dict[str, Any]]:
    """Of many nodes those that tell something new: a field with a value, or of another's."""
    told: dict[Node, dict[str, Any]] = {}
    before: set[Place] = set()
    owners: set[tuple[str, ...]] = set()
    for node, value in whole.items():
        assert value is not None, node
        walk = Walk(MATRIX)
        walk.of(value, frozenset(Audience), node[0])
        parts = split(node[1])[1].split(".")
        owner = (node[0], *(part for part in parts if part.startswith(("ptn-", "ind-"))))
        if walk.valued - before or owner not in owners:
            told[node] = value
            before |= walk.valued
            owners.add(owner)
    return told
