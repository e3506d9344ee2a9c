"""The insight of an imported CRM export is what an independent script reads in its files.

Of generated exports always, and of the one in the folder that ``CRM_EXPORT`` names.
"""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from portal_api.demo.exports import Dirt, write_export
from portal_api.domain.insights import pipeline
from portal_api.domain.insights.kept import CompanyInsight, ProgramInsight
from portal_api.domain.insights.profile import Profile
from portal_api.domain.insights.ranking import Ranking, Standing
from portal_api.services.import_frame import ImportTerms, id_of
from portal_api.services.insights import refresh
from portal_api.services.store import One, Store
from portal_api.services.use_case import Portal
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.insights import crm_pandas
from tests.insights.crm_pandas import Export, Habit, Place, Sales
from tests.services.importing import run

PROGRAM = id_of("prg", "crm")
_WEEK = timedelta(weeks=1)
_GIVEN = os.environ.get("CRM_EXPORT")
CLEAN, DIRTY, GIVEN = "a clean export", "a dirty export", "the export that CRM_EXPORT names"
EXPORTS = [CLEAN, DIRTY, GIVEN]


@dataclass(frozen=True)
class Imported:
    """An export in the portal, in a program that began in the middle of it, and as it is read."""

    store: Store
    export: Export
    begins: date
    ends: date

    @property
    def program(self) -> ProgramInsight:
        """What is kept of the program."""
        want = One(ProgramInsight, PROGRAM)
        found = self.store.read([want])[want]
        assert found is not None
        return found

    def company(self, office: str) -> CompanyInsight:
        """What is kept of an office."""
        want = One(CompanyInsight, f"{PROGRAM}.{id_of('ptn', office)}")
        found = self.store.read([want])[want]
        assert found is not None
        return found

    @property
    def windows(self) -> tuple[tuple[date, date], tuple[date, date]]:
        """The weeks since the program began, and as many before; the week of it is in neither."""
        before = self.begins - timedelta(days=self.begins.weekday())
        since = before + _WEEK
        first = min(self.export.deals.engaged_week)
        each = min((self.ends - since) // _WEEK, (before - first) // _WEEK, 26) * _WEEK
        return (before - each, before), (since, since + each)


@pytest.fixture(params=EXPORTS, scope="module")
def imported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Imported]:
    """Give an export whose insight was refreshed soon after the last week that it tells of."""
    home = tmp_path_factory.mktemp("crm")
    folder = home
    if request.param == DIRTY:
        write_export(folder, rows=700, seed=22, dirt=dict.fromkeys(Dirt, 6))
    elif request.param == CLEAN:
        write_export(folder, rows=700, seed=21)
    elif _GIVEN is None:
        pytest.skip("CRM_EXPORT names no folder with a CRM export, which is not part of this.")
    else:
        folder = Path(_GIVEN)
    export = crm_pandas.read(folder)
    ends = export.last_day + timedelta(days=7 - export.last_day.weekday())
    begins = ends - 23 * _WEEK - timedelta(days=2)
    now = datetime.combine(ends, time(2), UTC)
    engine = SqliteEngine(home / "portal.sqlite", durable=False)
    engine.create()
    store = TableStore(engine)
    told = run(store, folder, ImportTerms(consent_from=begins), now)
    assert len(export.deals) == told.report.imported
    numbers = itertools.count(1)
    assert 1 == refresh(Portal(store, lambda: now, lambda: f"{next(numbers):020}"))
    yield Imported(store, export, begins, ends)
    engine.close()


def test_partners_and_people_are_ranked_by_what_they_have_won(imported: Imported) -> None:
    """Rank, cohort, sales to the cent, deals, and months at the top."""
    program, export, ends = imported.program, imported.export, imported.ends
    partners = {id_of("ptn", name): own for name, own in export.places("office", ends).items()}
    people = {
        id_of("ind", "agent", name): own for name, own in export.places("agent", ends).items()
    }
    assert partners == _places(program.ranking)
    assert people == _places(program.people_ranking)
    sold = sum(one.sales_minor for one in people.values())
    assert sold == sum(one.sales_minor for one in program.people_ranking.cohorts) > 0
    for office in export.agents.office.unique():
        kept = imported.company(office)
        assert partners[id_of("ptn", office)] == _place(kept.standing)
        staff = export.agents[export.agents.office == office].agent
        ids = {id_of("ind", "agent", name) for name in staff}
        assert {one: people[one] for one in ids} == {
            one.party_id: _place(one) for one in kept.people
        }


def test_the_profile_compares_what_the_top_and_others_register(imported: Imported) -> None:
    """Adoption, and how often each of the staff does it in a week."""
    program, export = imported.program, imported.export
    dates = imported.begins, imported.ends
    assert export.habit("office", *dates) == _habit(program.profile)
    assert export.habit("agent", *dates) == _habit(program.people_profile)


def test_pipeline_and_bottom_line_hold_what_the_files_tell(imported: Imported) -> None:
    """Of all partners and of each: before the program and since, in equal windows."""
    export, line = imported.export, imported.program.bottom_line
    before, since = imported.windows
    offices = list(export.agents.office.unique())
    assert len(offices) == line.n_participants
    assert export.sales(*before) == _sales(line.before)
    assert export.sales(*since) == _sales(line.since)
    assert line.since.pipeline > 0
    for office in offices:
        kept = imported.company(office).pipeline
        assert export.sales(*before, office) == _sales(kept.before)
        assert export.sales(*since, office) == _sales(kept.since)


def test_the_scorecard_holds_shares_of_what_was_won(imported: Imported) -> None:
    """In the last year; every deal of an export was registered before it was won."""
    places = imported.export.places("office", imported.ends)
    whole = sum(one.sales_minor for one in places.values())
    for office, place in places.items():
        card = imported.company(office).scorecard
        assert (place.sales_minor, place.won) == (card.sales_minor, card.won)
        assert round(Fraction(10_000 * place.sales_minor, whole)) == card.sales_share_bps
        assert card.won == card.registered_before


def _places(ranking: Ranking) -> dict[str, Place]:
    return {one.party_id: _place(one) for one in ranking.standings}


def _place(one: Standing) -> Place:
    return Place(one.rank, one.cohort, one.sales_minor, one.won, one.periods_at_top)


def _habit(profile: Profile) -> Habit:
    (gap,) = profile.behaviors
    assert "DEAL_REGISTERED" == gap.behavior
    return Habit(
        gap.occurrences,
        gap.top_adoption_bps,
        gap.others_adoption_bps,
        gap.top_per_week_milli,
        gap.others_per_week_milli,
    )


def _sales(window: pipeline.Window) -> Sales:
    return Sales(
        weeks=window.weeks,
        pipeline=window.pipeline,
        pipeline_minor=window.pipeline_minor,
        won=window.won,
        lost=window.lost,
        win_ratio_bps=window.win_ratio_bps,
        days_to_close_milli=window.days_to_close_milli,
        sales_minor=window.sales_minor,
    )
