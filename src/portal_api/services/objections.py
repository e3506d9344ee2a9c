"""Objections: raised by a partner's executive or noted by the vendor, answered, and resolved."""

from dataclasses import dataclass

from portal_api.domain import objections
from portal_api.domain.consent import ConsentFile
from portal_api.domain.eligibility import known_to
from portal_api.domain.errors import NotFound
from portal_api.domain.objections import Objection, ObjectionCategory, ObjectionStatus
from portal_api.domain.partners import Partner, Role
from portal_api.domain.programs import Program
from portal_api.domain.writes import Delist, Enlist, Save, Write
from portal_api.services.partners import MANAGERS, required
from portal_api.services.store import One, Want
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

OBJECTORS = MANAGERS | {Role.PARTNER_EXECUTIVE}
OPEN_OBJECTIONS = "objections.open"
"""The list of the objections that wait for the vendor's answer."""


@dataclass(frozen=True, slots=True)
class ObjectionRaised:
    """The vendor has the objection."""

    objection: Objection


@dataclass(frozen=True, slots=True)
class ObjectionAnswered:
    """The partner has the answer."""

    objection: Objection


@dataclass(frozen=True, slots=True)
class ObjectionResolved:
    """It is no obstacle any more."""

    objection: Objection


def raise_objection(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    program_id: str,
    category: ObjectionCategory,
    text: str,
) -> ObjectionRaised:
    """Records what a partner has against a program: its executive, or the vendor who was told."""
    text = required("text", text, 2_000, lines=True)
    partner_want, program_want = One(Partner, partner_id), One(Program, program_id)
    file_want = One(ConsentFile, f"{partner_id}.{program_id}")

    def decide(s: Situation) -> Decision[ObjectionRaised]:
        partner, program = s.found[partner_want], s.found[program_want]
        if partner is None or s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("partnerId")
        if known_to(s.viewer, program, partner, s.now, s.found[file_want]) is None:
            raise NotFound.of("programId")
        raised = Objection(
            id=f"{partner_id}.{s.portal.new_id()}",
            partner_id=partner_id,
            program_id=program_id,
            category=category,
            text=text,
            raised_by=s.viewer.id,
            raised_at=s.now,
            noted=s.viewer.partner_id is None,
        )
        writes: tuple[Write, ...] = (Save(raised), *_enlisted(raised))
        return Decision(ObjectionRaised(raised), writes, raised.id, partner_id)

    arguments = {"partner": partner_id, "program": program_id, "category": category, "text": text}
    wants: tuple[Want[object], ...] = (partner_want, program_want, file_want)
    name = "raiseObjection"
    return perform(portal, ask, name, arguments, OBJECTORS, wants, decide, ObjectionRaised)


def answer_objection(
    portal: Portal, ask: Ask, *, objection_id: str, answer: str
) -> ObjectionAnswered:
    """Answers what waits, once; raises ``ObjectionNotOpen``."""
    answer, want = required("answer", answer, 2_000, lines=True), One(Objection, objection_id)

    def decide(s: Situation) -> Decision[ObjectionAnswered]:
        before = _visible(s, want)
        after = objections.answered(before, answer, s.viewer.id, s.now)
        return Decision(ObjectionAnswered(after), _moved(before, after), after.id, after.partner_id)

    arguments = {"objection": objection_id, "answer": answer}
    name = "answerObjection"
    return perform(portal, ask, name, arguments, MANAGERS, (want,), decide, ObjectionAnswered)


def resolve_objection(portal: Portal, ask: Ask, *, objection_id: str) -> ObjectionResolved:
    """Puts an objection aside: the partner's executive at any time, the vendor once it answered.

    Raises ``ObjectionNotOpen`` and ``NotPermitted``.
    """
    want = One(Objection, objection_id)

    def decide(s: Situation) -> Decision[ObjectionResolved]:
        before = _visible(s, want)
        by_vendor = s.viewer.partner_id is None
        after = objections.resolved(before, s.viewer.id, by_vendor, s.now)
        return Decision(ObjectionResolved(after), _moved(before, after), after.id, after.partner_id)

    arguments = {"objection": objection_id}
    name = "resolveObjection"
    return perform(portal, ask, name, arguments, OBJECTORS, (want,), decide, ObjectionResolved)


def objections_to(program_id: str, status: ObjectionStatus) -> str:
    """The list of a program's objections that stand so, each by its category and its id."""
    return f"{program_id}.objections.{status}"


def category_in(reference: str) -> ObjectionCategory:
    """The category of an entry in that list."""
    return ObjectionCategory(reference.partition(".")[0])


def objection_in(reference: str) -> str:
    """The id of an entry in that list."""
    return reference.partition(".")[2]


def _visible(s: Situation, want: One[Objection]) -> Objection:
    objection = s.found[want]
    if objection is None or s.viewer.partner_id not in (None, objection.partner_id):
        raise NotFound.of("objectionId")
    return objection


def _moved(before: Objection, after: Objection) -> tuple[Write, ...]:
    """The objection, from its places in the lists to its new ones."""
    left = (Delist(one.name, one.sort) for one in _enlisted(before))
    return Save(after), *left, *_enlisted(after)


def _enlisted(objection: Objection) -> tuple[Enlist, ...]:
    own = objection.id.partition(".")[2]
    listed = Enlist(
        objections_to(objection.program_id, objection.status),
        objection.id,
        f"{objection.category}.{objection.id}",
    )
    if objection.status is ObjectionStatus.OPEN:
        return listed, Enlist(OPEN_OBJECTIONS, f"{own}#{objection.partner_id}", objection.id)
    return (listed,)
