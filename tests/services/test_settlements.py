"""Settlement files: good rows go in once, bad ones are named, and no row is ever lost."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from portal_api.domain.errors import IdempotencyConflict, InvalidInput, NotPermitted
from portal_api.domain.holdings import Balance
from portal_api.domain.partners import Role
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.domain.settlements import CHARACTERS_MAX, ROWS_MAX
from portal_api.services import batches, partners, payouts
from portal_api.services.settlements import (
    SettlementsImported,
    bank_integration,
    import_settlements,
)
from portal_api.services.store import StoreUnavailable
from portal_api.services.use_case import Ask, Portal
from tests.services.stores import (
    FaultyStore,
    Killed,
    first,
    in_parallel,
    killed_after,
    killed_before,
)
from tests.services.world import Company, World

Counts = tuple[int, int, int, list[tuple[int, str]]]
HEADER = "payout_id,status,reference"


def asked(world: World, count: int) -> tuple[Company, str, list[Payout]]:
    """A rep who has asked for so many payouts of 1.00."""
    company, program = world.ready()
    world.approved(company, program)
    found = []
    for _ in range(count):
        world.now += timedelta(seconds=1)
        found.append(world.pay_out(company.rep, 100).payout)
    return company, program, found


def file_of(*rows: str, header: str = HEADER) -> str:
    return "\r\n".join((header, *rows)) + "\r\n"


def run(
    world: World, content: str, *, ask: Ask | None = None, portal: Portal | None = None
) -> SettlementsImported:
    return import_settlements(portal or world.portal, ask or world.manage(), content=content)


def counts(done: SettlementsImported) -> Counts:
    """Settled, failed, unchanged, and each problem's line and code."""
    file = done.file
    problems = [(one.line, one.code.value) for one in file.problems]
    return file.settled, file.failed, file.unchanged, problems


def statuses(world: World, found: list[Payout]) -> list[tuple[str, str | None]]:
    stored = [world.load(Payout, payout.id) for payout in found]
    return [(one.status.value, one.reference) for one in stored if one is not None]


def test_a_file_settles_and_fails_payouts_once(world: World) -> None:
    """The second time nothing changes; the first request again answers the same."""
    company, program, (one, two, three) = asked(world, 3)
    content = file_of(f"{one.id},PAID,SEPA-1", f"{two.id},failed,No such account")
    ask = world.manage()

    done = run(world, content, ask=ask)
    sequence = len(world.journals(company.rep))

    assert (1, 1, 0, []) == counts(done)
    assert done.next_line is None
    expected = [("SETTLED", "SEPA-1"), ("FAILED", "No such account"), ("REQUESTED", None)]
    assert expected == statuses(world, [one, two, three])
    assert Balance(available=14_800, held=100) == world.balance(company.rep)
    assert (0, 0, 2, []) == counts(run(world, content))
    assert (0, 0, 2, []) == counts(run(world, content, ask=other_manager(world)))
    assert counts(done) == counts(run(world, content, ask=ask))
    with pytest.raises(IdempotencyConflict):
        run(world, file_of(f"{three.id},PAID,SEPA-1"), ask=ask)
    assert sequence == len(world.journals(company.rep))
    assert expected == statuses(world, [one, two, three])
    assert [] == world.audit(program, company.parties)


def other_manager(world: World) -> Ask:
    added = partners.add_individual(
        world.portal,
        world.manage(),
        name="Mo",
        email="mo@vendor.example",
        role=Role.SERVICE,
        partner_id=None,
        team_id=None,
    )
    return world.ask(added.individual.id)


def test_each_line_that_cannot_be_used_is_named_and_the_others_go_in(quick_world: World) -> None:
    world = quick_world
    company, program, found = asked(world, 8)
    ids = [payout.id for payout in found]
    payouts.cancel_payout(world.portal, world.ask(company.rep), payout_id=ids[7])
    run(world, file_of(f"{ids[6]},PAID,early"))

    done = run(
        world,
        file_of(
            f"{ids[0]},PAID,ok-1,1.00,USD,",
            f"{ids[1]},SENT,ok-2,,,",
            f"{ids[2]},PAID, ,,,",
            "ind-0.1,PAID,ok-4,,,",
            f"{ids[3]},PAID,ok-5,1.01,,",
            f"{ids[3]},PAID,ok-5,1.01,,",
            f"{ids[4]},PAID,ok-6,1.00,EUR,",
            f"{ids[5]},PAID,ok-7,,,",
            f"{ids[5]},FAILED,ok-7,,,",
            f"{ids[6]},PAID,late,,,",
            f"{ids[7]},PAID,ok-8,,,",
            f'{ids[4]},PAID,"ok,,,',
            "too,few",
            ",PAID,ok-9,,,",
            "",
            f"{ids[2]},PAID,ok\u200b3,,,",
            header=f"{HEADER},amount,asset,memo",
        ),
    )

    expected = [
        (1, "EXTRA_COLUMN"),
        (3, "BAD_STATUS"),
        (4, "MISSING_REFERENCE"),
        (5, "UNKNOWN_PAYOUT"),
        (6, "WRONG_AMOUNT"),
        (7, "DUPLICATE_ROW"),
        (8, "WRONG_AMOUNT"),
        (9, "CONTRADICTING_LINES"),
        (10, "CONTRADICTING_LINES"),
        (11, "OTHER_STATUS"),
        (12, "OTHER_STATUS"),
        (13, "BAD_QUOTING"),
        (14, "WRONG_FIELD_COUNT"),
        (15, "UNKNOWN_PAYOUT"),
        (17, "INVALID_INPUT"),
    ]
    assert (1, 0, 0, expected) == counts(done)
    assert [
        ("SETTLED", "ok-1"),
        *[("REQUESTED", None)] * 5,
        ("SETTLED", "early"),
        ("CANCELLED", None),
    ] == statuses(world, found)
    assert all(problem.text.endswith(".") for problem in done.file.problems)
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [(1, "MISSING_COLUMN")]),
        ("payout_id,status\r\nx,PAID\r\n", [(1, "MISSING_COLUMN")]),
        (f"{HEADER},status\r\nx,PAID,1,PAID\r\n", [(1, "MISSING_COLUMN")]),
        ("\ufeffReference, Status ,PAYOUT_ID\nr,PAID,x", [(2, "UNKNOWN_PAYOUT")]),
        (f"{HEADER}\n#,PAID,r\n{'x' * 201},PAID,r", [(2, "UNKNOWN_PAYOUT"), (3, "FIELD_TOO_LONG")]),
        (f"{HEADER}\na.b.c.d,PAID,\ud800", [(2, "NOT_TEXT")]),
        (HEADER, []),
    ],
)
def test_a_file_of_another_form_changes_nothing(
    quick_world: World, content: str, expected: list[tuple[int, str]]
) -> None:
    assert (0, 0, 0, expected) == counts(run(quick_world, content))


@pytest.mark.parametrize(
    "content",
    [file_of(*["x,PAID,1"] * (ROWS_MAX + 1)), file_of("x,PAID," + "1" * CHARACTERS_MAX)],
)
def test_a_file_that_is_too_large_is_refused_as_a_whole(quick_world: World, content: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        run(quick_world, content)

    assert "content" == refused.value.field


def test_only_the_vendor_imports_settlements(quick_world: World) -> None:
    company, _, (payout,) = asked(quick_world, 1)
    for who in (company.rep, company.executive):
        with pytest.raises(NotPermitted):
            run(quick_world, file_of(f"{payout.id},PAID,1"), ask=quick_world.ask(who))

    assert [("REQUESTED", None)] == statuses(quick_world, [payout])


@pytest.mark.parametrize("killed", [killed_before, killed_after])
@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("same_request", [True, False])
def test_an_import_that_was_killed_anywhere_is_finished_by_sending_it_again(
    quick_world: World,
    killed: Callable[[Callable[[], None]], None],
    place: int,
    same_request: bool,
) -> None:
    """Noted, three rows, finished: five transactions; no row is lost and none is done twice."""
    world = quick_world
    company, program, found = asked(world, 3)
    batches.create_payout_batch(world.portal, world.manage(), asset="USD")
    content = file_of(*(f"{payout.id},PAID,SEPA-{n}" for n, payout in enumerate(found)))
    ask = world.manage()
    portal = world.on(FaultyStore(world.store, *[first(lambda: None)] * place, killed))
    with pytest.raises(Killed):
        run(world, content, ask=ask, portal=portal)

    done = run(world, content, ask=ask if same_request else world.manage())

    assert (3, 0, []) == (done.file.settled + done.file.unchanged, *counts(done)[1::2])
    assert done.file.finished_at is not None
    assert [("SETTLED", f"SEPA-{n}") for n in range(3)] == statuses(world, found)
    assert Balance(available=14_700) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_a_store_that_fails_is_reported_with_the_line_and_the_file_can_be_sent_again(
    world: World,
) -> None:
    company, program, found = asked(world, 4)
    content = file_of("nobody,PAID,1", *(f"{payout.id},PAID,S" for payout in found))
    ask = world.manage()
    before, good = first(lambda: None), found[:2]

    def down(_: Callable[[], None]) -> None:
        raise StoreUnavailable("down")

    portal = world.on(FaultyStore(world.store, *[before] * 3, down))
    stopped = run(world, content, ask=ask, portal=portal)
    after_it = statuses(world, found)
    done = run(world, content, ask=ask)

    assert (2, 0, 0, [(2, "UNKNOWN_PAYOUT")]) == counts(stopped)
    assert (5, None) == (stopped.next_line, stopped.file.finished_at)
    assert [("SETTLED", "S")] * len(good) + [("REQUESTED", None)] * 2 == after_it
    assert (2, 0, 2, [(2, "UNKNOWN_PAYOUT")]) == counts(done)
    assert done.next_line is None
    assert [("SETTLED", "S")] * 4 == statuses(world, found)
    assert [] == world.audit(program, company.parties)


def test_an_import_whose_time_is_up_goes_on_where_it_was(quick_world: World) -> None:
    world = quick_world
    _, _, found = asked(world, 3)
    content = file_of(*(f"{payout.id},FAILED,Closed" for payout in found))
    ask = world.manage()
    stopped = import_settlements(world.portal, ask, content=content, seconds=-1)

    assert ((0, 0, 0, []), 2) == (counts(stopped), stopped.next_line)
    done = import_settlements(world.portal, ask, content=content, seconds=None)
    assert ((0, 3, 0, []), None) == (counts(done), done.next_line)


def test_two_imports_of_one_file_at_once_settle_each_payout_once(world: World) -> None:
    company, program, found = asked(world, 4)
    content = file_of(*(f"{payout.id},PAID,S" for payout in found))
    asks = [world.manage(), other_manager(world)]

    done = in_parallel(*(lambda ask=ask: run(world, content, ask=ask) for ask in asks))

    reports = [one for one in done if isinstance(one, SettlementsImported)]
    assert 2 == len(reports), done
    assert [(4, [])] * 2 == [
        (one.file.settled + one.file.unchanged, list(one.file.problems)) for one in reports
    ]
    assert 4 == len([1 for kind in world.kinds(company.rep).elements() if "SETTLED" in kind])
    assert Balance(available=14_600) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_a_file_and_another_word_of_the_bank_at_once_agree_on_one(quick_world: World) -> None:
    """The row decides on an open payout, and another settles it before: it is told so."""
    world = quick_world
    _, _, (payout,) = asked(world, 1)

    def overtake() -> None:
        payouts.resolve_payout(
            world.portal, world.manage(), payout_id=payout.id, paid=False, reference="no"
        )

    portal = world.on(FaultyStore(world.store, first(lambda: None), first(overtake)))
    done = run(world, file_of(f"{payout.id},PAID,yes"), portal=portal)

    assert (0, 0, 0, [(2, "OTHER_STATUS")]) == counts(done)
    assert [("FAILED", "no")] == statuses(world, [payout])


def test_the_command_line_s_integration_is_made_once(world: World) -> None:
    _, _, (payout,) = asked(world, 1)
    bank = bank_integration(world.portal)
    ask = dataclasses.replace(world.manage(), subject=bank)

    assert bank == bank_integration(world.portal)
    assert (1, 0, 0, []) == counts(run(world, file_of(f"{payout.id},PAID,1"), ask=ask))
    assert PayoutStatus.SETTLED.value == statuses(world, [payout])[0][0]
