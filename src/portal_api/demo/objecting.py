"""The demo's objections: what keeps companies from consenting, and what the vendor says to it."""

from dataclasses import dataclass
from functools import partial

from portal_api.demo import world
from portal_api.demo.teller import Teller
from portal_api.domain.objections import ObjectionCategory
from portal_api.services import objections


@dataclass(frozen=True, slots=True)
class _Objecting:
    """What a company has against a program, so many days before the end.

    ``noted``: the vendor was told of it. ``answered`` is how many days before the end, ``resolved``
    whether that was enough.
    """

    partner: str
    program: str
    category: ObjectionCategory
    text: str
    raised: int
    noted: bool = False
    answered: int | None = None
    answer: str = ""
    resolved: bool = False


_OBJECTIONS = (
    _Objecting(
        world.BRIGHTMOOR,
        world.GROWTH,
        ObjectionCategory.CONFLICTS_WITH_OWN_PLAN,
        "We pay our people for the same deals. Twice for one is more than the deal brings.",
        18,
    ),
    _Objecting(
        world.NORRLAND,
        world.GROWTH,
        ObjectionCategory.TAX_OR_PAYROLL,
        "Their payroll cannot show what somebody else pays.",
        30,
        noted=True,
        answered=25,
        answer="You can choose that the company is paid, and pay it out with the salary.",
    ),
    _Objecting(
        world.FERNHILL,
        world.REBATE,
        ObjectionCategory.FAIRNESS,
        "Three of our people take part in Growth, and our sales count for no rebate.",
        14,
        answered=11,
        answer="The rebate needs the whole company: consent for it, and both sides earn.",
    ),
    _Objecting(
        world.KESTREL,
        world.ENABLEMENT,
        ObjectionCategory.ADMINISTRATION,
        "Who keeps the certificates?",
        60,
        answered=57,
        answer="Your learning system reports them: nobody has to.",
        resolved=True,
    ),
)


def plan(teller: Teller) -> None:
    """Plans all of them."""
    for one in _OBJECTIONS:
        teller.lately(one.raised, partial(_raise, teller, one))


def _raise(teller: Teller, one: _Objecting) -> None:
    """Raises one, and plans what becomes of it."""
    house = teller.house(one.partner)
    raised = objections.raise_objection(
        teller.portal,
        teller.ask(teller.managers[0] if one.noted else house.executive.id),
        partner_id=house.partner.id,
        program_id=teller.programs[one.program].id,
        category=one.category,
        text=one.text,
    ).objection
    if one.answered is not None:
        answer = partial(_answer, teller, raised.id, one.answer)
        teller.lately(one.answered, answer)
        if one.resolved:
            resolve = partial(_resolve, teller, house.executive.id, raised.id)
            teller.lately(one.answered - 1, resolve)


def _answer(teller: Teller, objection_id: str, answer: str) -> None:
    objections.answer_objection(
        teller.portal, teller.ask(teller.managers[1]), objection_id=objection_id, answer=answer
    )


def _resolve(teller: Teller, by: str, objection_id: str) -> None:
    objections.resolve_objection(teller.portal, teller.ask(by), objection_id=objection_id)
