"""Defects of the code, planted one by one: verification finds each under its invariant."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from portal_api.domain import adjustments, goals, ledger, payouts, rewards
from portal_api.domain.activities import Activity
from portal_api.domain.events import Answer, Event
from portal_api.domain.finance import Move
from portal_api.domain.goals import Level, Progress
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import Individual
from portal_api.domain.payouts import Payout
from portal_api.domain.records import canonical
from portal_api.domain.writes import Save
from portal_api.services import counters as services_counters
from portal_api.services import finance as services_finance
from portal_api.services import settling
from portal_api.services.budget import Budget
from portal_api.services.counters import Counters
from portal_api.services.due_series import run_all
from portal_api.services.postings import Postings
from portal_api.services.settling import Settling
from portal_api.services.use_case import _Stamp
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.importing import findings
from tests.services.lives import Life
from tests.services.plants import (
    Plant,
    a_cent_more,
    all_of,
    answered_anew,
    approved_by_anybody,
    forgotten_column,
    hold_deleted,
    instead,
    larger_amounts,
    newest_first,
    not_written,
    nothing,
    numbered_twice,
    one_more,
    posted,
    refusing,
    rounded_down,
    still_open,
    unreserved,
    without_returns,
)
from tests.services.world import World

Lived = Callable[[Life], object]


@dataclass(frozen=True)
class Defect:
    """What is wrong with the code, under which invariant that shows, and in which history."""

    invariant: str
    plant: Plant
    lived: Lived


def sold(life: Life) -> None:
    life.sell()


def lost(life: Life) -> None:
    """One of two approved deals."""
    life.world.approved(life.company, life.program)
    life.world.lose(life.world.approved(life.company, life.program))


def paid(life: Life) -> None:
    life.sell()
    life.pay(1_000)
    life.pay(2_000, paid=False)
    life.pay(3_000, paid=None)


def paid_and_sold(life: Life) -> None:
    paid(life)
    life.world.wait()
    life.sell()


def held_and_sold(life: Life) -> None:
    life.sell()
    life.pay(1_000, paid=None)
    life.world.wait()
    life.sell()


def next_month(life: Life) -> None:
    paid(life)
    life.world.wait(40)
    life.sell()
    life.pay(1_000)


def returned(life: Life) -> None:
    """More than is left is taken back, then more is earned."""
    life.sell()
    life.pay(life.world.balance(life.company.rep).available - 10_000)
    life.give_back()
    life.sell()


def settled_twice(life: Life) -> None:
    life.sell()
    first = life.pay(1_000, paid=None)
    life.pay(1_000, paid=None)
    for _ in range(2):
        life.resolve(first, paid=True)


def asked_twice(life: Life) -> None:
    life.sell()
    ask = life.world.ask(life.company.rep)
    for _ in range(2):
        life.world.pay_out(life.company.rep, 1_000, ask=ask)


def without_consent(life: Life) -> None:
    company = life.world.company()
    life.world.enroll(company, life.program)
    life.world.approved(company, life.program)


def closed(life: Life) -> None:
    life.sell()
    life.pay_out_all()
    life.pay_out_all("POINTS")
    life.office.close(life.company.rep)
    life.world.approved(life.company, life.program)


def closed_and_reversed(life: Life) -> None:
    """By the channel manager, after the closing."""
    life.sell()
    life.pay_out_all()
    life.pay_out_all("POINTS")
    life.office.close(life.company.rep)
    life.office.reverse(life.earnings()[0])


def funded(life: Life) -> None:
    life.world.fund(life.program, 2 * 10**12)


def adjusted_alone(life: Life) -> None:
    adjustment = life.office.propose(life.company, life.program, 700)
    life.office.approve(adjustment, by=life.world.admin)


def trained(life: Life) -> None:
    life.world.record(life.company, life.program, "TRAINING", "training")


def trained_twice(life: Life) -> None:
    for course in ("first", "second"):
        life.world.record(life.company, life.program, "TRAINING", course)


def moved_and_returned(life: Life) -> None:
    """What was earned in one team is taken back of a person that is in none by now."""
    life.sell()
    life.world.wait()
    person = life.world.load(Individual, life.company.rep)
    assert person is not None
    team = replace(person.employments[0], valid_to=life.world.now)
    alone = replace(team, valid_from=life.world.now, valid_to=None, team_id=None)
    life.world.store.commit([Save(replace(person, employments=(team, alone)))])
    life.give_back()


def a_day_later(life: Life) -> None:
    life.sell()
    life.world.wait(2)
    run_all(life.world.portal)


DEFECTS: dict[str, Defect] = {
    "L1 a cent out of nothing": Defect("L1", posted(a_cent_more), sold),
    "L2 an amount beyond the limit": Defect("L2", larger_amounts, funded),
    "L3 a journal is deleted": Defect("L3", hold_deleted, paid_and_sold),
    "L3 a month ends with another journal": Defect(
        "L3",
        instead(
            ledger,
            "statement_of",
            lambda of: lambda wallet: replace(s, head_hash="0") if (s := of(wallet)) else None,
        ),
        next_month,
    ),
    "L4 taken back twice": Defect(
        "L4", instead(ledger, "take_back_transfers", lambda of: lambda *it: of(*it) * 2), lost
    ),
    "L4 adjusted by one person": Defect(
        "L4", instead(adjustments, "decide", approved_by_anybody), adjusted_alone
    ),
    "L5 the newest lot is paid first": Defect("L5", newest_first, next_month),
    "L5 a place in a lot that is one off": Defect(
        "L5",
        instead(
            Postings,
            "_available",
            lambda of: lambda *it: replace(e := of(*it), lot_end=e.lot_end + 1),
        ),
        sold,
    ),
    "L6 more held than asked for": Defect(
        "L6",
        instead(
            payouts,
            "hold_transfers",
            lambda of: lambda payout: of(replace(payout, amount_minor=payout.amount_minor + 1)),
        ),
        paid,
    ),
    "L7 a payout settled twice": Defect(
        "L7", lambda patch: patch.setattr(Payout, "open", property(lambda _: True)), settled_twice
    ),
    "L8 a request that posts twice": Defect("L8", answered_anew, asked_twice),
    "L9 a refusal that posts": Defect("L9", instead(_Stamp, "answer", refusing), paid),
    "L10 told of, and not stored": Defect("L10", not_written(Activity), sold),
    "L11 no event": Defect("L11", not_written(Event), sold),
    "L11 no answer": Defect("L11", not_written(Answer), sold),
    "L12 nobody asks for consent": Defect(
        "L12", nothing(rewards, "_allowed", answer=(None, None)), without_consent
    ),
    "L12 paid to another than the consent says": Defect(
        "L12",
        instead(
            settling,
            "allowed_by",
            lambda of: lambda *it: replace(of(*it), payee=Payee.PARTNER),
        ),
        sold,
    ),
    "L13 the budget is not drawn": Defect("L13", nothing(Budget, "draw", answer=True), sold),
    "L14 no name reserved": Defect("L14", instead(Postings, "award", unreserved), sold),
    "L15 a number twice": Defect("L15", posted(numbered_twice), held_and_sold),
    "L16 a hash over less": Defect(
        "L16",
        instead(
            ledger,
            "content_hash",
            lambda of: lambda content: of({**content, "cause": canonical({}).decode()}),
        ),
        sold,
    ),
    "L17 shares rounded down": Defect(
        "L17", instead(settling, "in_equal_shares", rounded_down), sold
    ),
    "L18 a rule that pays more": Defect("L18", instead(rewards, "earned", one_more), sold),
    "L19 a closed account earns": Defect(
        "L19",
        all_of(instead(ledger, "post", still_open), nothing(Postings, "closed", answer=False)),
        closed,
    ),
    "L19 a closed account is corrected by anybody": Defect(
        "L19",
        all_of(instead(ledger, "post", still_open), nothing(ledger, "not_closed")),
        closed_and_reversed,
    ),
    "L23 a shortfall is forgotten": Defect(
        "L23", instead(ledger, "given_back", lambda of: lambda *it: of(*it)[:1]), returned
    ),
    "L23 a debt is not repaid": Defect("L23", nothing(ledger, "repaid", answer=()), returned),
    "L24 counters count nothing": Defect("L24", nothing(Counters, "pay"), sold),
    "L24 goals count nothing": Defect("L24", nothing(goals, "counted", answer={}), sold),
    "L24 a bonus is decided by nobody": Defect("L24", nothing(Settling, "_decide"), sold),
    "L24 a person is certified twice": Defect(
        "L24",
        instead(
            goals,
            "newly_certified",
            lambda of: lambda plan, activity, _: of(plan, activity, Progress("")),
        ),
        trained_twice,
    ),
    "L24 weeks count nothing": Defect("L24", nothing(Counters, "in_weeks"), sold),
    "L24 a return is left in the week of its sale": Defect(
        "L24", instead(services_counters, "counted", without_returns), returned
    ),
    "L24 another team pays it back": Defect(
        "L24",
        instead(
            settling,
            "_counted_in",
            lambda _: (
                lambda parties, _: {
                    level: party for level, party in parties.items() if level is not Level.TEAM
                }
            ),
        ),
        moved_and_returned,
    ),
    "L24 a program's move is missing": Defect("L24", not_written(Move), sold),
    "L24 a statement forgets a column": Defect(
        "L24", instead(ledger, "columns_of", forgotten_column), paid
    ),
    "L24 a hold that nobody ends": Defect("L24", nothing(Postings, "_list_due"), trained),
    "L24 a day that is summed wrong": Defect(
        "L24", nothing(services_finance, "summed", answer={}), a_day_later
    ),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_planted_defect_is_found(
    quick_world: World, monkeypatch: pytest.MonkeyPatch, defect: Defect
) -> None:
    """The history is lived with the defect, and verified without."""
    with monkeypatch.context() as patch:
        life = Life.of(quick_world)
        defect.plant(patch)
        defect.lived(life)
    found = {finding.invariant for finding in findings(quick_world.store)}
    assert defect.invariant in found


_SOUND = {
    defect.lived.__name__: defect.lived
    for defect in DEFECTS.values()
    if defect.lived
    not in (funded, adjusted_alone, settled_twice, closed_and_reversed)  # These need the defect.
}


@pytest.mark.parametrize("lived", _SOUND.values(), ids=_SOUND)
def test_without_the_defect_nothing_is_found(quick_world: World, lived: Lived) -> None:
    """So what is found above is found for the defect's sake."""
    lived(Life.of(quick_world))
    assert [] == findings(quick_world.store)


def test_every_invariant_has_a_defect() -> None:
    """L1 to L19, L23 and L24: what verification is to find."""
    wanted = {f"L{number}" for number in (*range(1, 20), 23, 24)}
    assert wanted == {defect.invariant for defect in DEFECTS.values()}
    assert all(name.startswith(f"{defect.invariant} ") for name, defect in DEFECTS.items())


def test_a_whole_life_is_sound(lonely_engine: Engine) -> None:
    """Holds, expiry, adjustments, returns, reversals, statements: on both engines."""
    world = World(TableStore(lonely_engine))
    # From today on: what has expired by the real clock may be forgotten by DynamoDB.
    world.now = datetime.now(UTC)
    Life.of(world).all()
    assert [] == findings(world.store)
