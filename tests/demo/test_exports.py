"""The generator of exports: deterministic, and its facts are what an import must show."""

import tempfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal_api.demo.exports import Dirt, ExportFacts, write_export
from portal_api.domain import crm
from portal_api.domain.crm import BadRow, Opportunity, Reason, RowWarning, Stage, WarningKind

FILES = (crm.TEAMS_FILE, crm.PRODUCTS_FILE, crm.ACCOUNTS_FILE, crm.PIPELINE_FILE)
HARMLESS = (Dirt.ACCOUNT_SPELLING, Dirt.ISO_DATES, Dirt.QUOTED_FIELDS)


def lines_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        return list(file)


def read(folder: Path) -> list[Opportunity | BadRow | RowWarning]:
    teams = crm.read_teams(lines_of(folder / crm.TEAMS_FILE))
    products = crm.read_products(lines_of(folder / crm.PRODUCTS_FILE))
    accounts = crm.read_accounts(lines_of(folder / crm.ACCOUNTS_FILE))
    for listing in (teams, products, accounts):
        assert () == listing.bad_rows
        assert () == listing.warnings
    return list(
        crm.read_opportunities(
            lines_of(folder / crm.PIPELINE_FILE),
            teams=teams.entries,
            products=products.entries,
            accounts=accounts.entries,
        )
    )


def earned(deal: Opportunity) -> int:
    """The plan once more, in fractions: 3 % half to even, a sixth of it for the registration."""
    if deal.value_minor is not None:
        return round(Fraction(deal.value_minor * 3, 100))
    pot = round(Fraction(deal.list_price_minor * 3, 100))
    first, second = Fraction(pot, 6), Fraction(pot * 5, 6)
    odd_unit_goes_first = first % 1 >= second % 1 and first % 1 > 0
    return int(first) + odd_unit_goes_first


def facts_of(items: list[Opportunity | BadRow | RowWarning], rows: int) -> ExportFacts:
    deals = [item for item in items if isinstance(item, Opportunity)]
    lone = [item for item in items if isinstance(item, RowWarning)]
    stages = Counter(deal.stage for deal in deals)
    warnings = Counter(warning.kind for deal in deals for warning in deal.warnings)
    warnings.update(warning.kind for warning in lone)
    money = {stage: sum(earned(deal) for deal in deals if deal.stage is stage) for stage in Stage}
    return ExportFacts(
        rows=rows,
        usable=len(deals),
        won=stages[Stage.WON],
        lost=stages[Stage.LOST],
        open=stages[Stage.OPEN],
        won_minor=sum(deal.value_minor or 0 for deal in deals),
        won_earned_minor=money[Stage.WON],
        lost_earned_minor=money[Stage.LOST],
        open_earned_minor=money[Stage.OPEN],
        warnings=tuple(sorted(warnings.items())),
        bad_rows=tuple((item.line, item.reason) for item in items if isinstance(item, BadRow)),
    )


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    clean=st.integers(1, 40),
    dirt=st.dictionaries(st.sampled_from(Dirt), st.integers(0, 4)),
)
def test_an_import_of_any_dirty_export_shows_exactly_the_facts(
    seed: int, clean: int, dirt: dict[Dirt, int]
) -> None:
    """Law: what can be used goes in, what cannot is reported, by line and reason; nothing else."""
    rows = clean + sum(dirt.values())
    with tempfile.TemporaryDirectory() as folder:
        expected = write_export(Path(folder), rows=rows, seed=seed, dirt=dirt)
        actual = facts_of(read(Path(folder)), rows)
    assert expected == actual


def test_every_kind_of_dirt_shows_as_itself_in_its_chosen_count(tmp_path: Path) -> None:
    """Every reason and every warning of a row can be produced, and comes out under its own name."""
    expected_reasons = dict.fromkeys(Reason, 20)
    expected_warnings = dict.fromkeys(set(WarningKind) - {WarningKind.EXTRA_COLUMN}, 20)
    rows = 20 * len(Dirt) + 300
    facts = write_export(tmp_path, rows=rows, seed=3, dirt=dict.fromkeys(Dirt, 20))
    assert facts == facts_of(read(tmp_path), rows)
    assert expected_reasons == Counter(reason for _, reason in facts.bad_rows)
    assert expected_warnings == dict(facts.warnings)
    assert rows - 20 * (len(Reason) + 1) == facts.usable


def test_a_clean_export_has_neither_bad_rows_nor_warnings(tmp_path: Path) -> None:
    facts = write_export(tmp_path, rows=500, seed=11)
    assert (500, 500, (), ()) == (facts.rows, facts.usable, facts.bad_rows, facts.warnings)
    assert facts == facts_of(read(tmp_path), 500)
    assert min(facts.won, facts.lost, facts.open, facts.won_minor, facts.earned_minor) > 0


def test_harmless_spellings_change_nothing(tmp_path: Path) -> None:
    """ISO dates, quoted fields and another case of an account are no news."""
    rows = 200
    facts = write_export(tmp_path, rows=rows, seed=5, dirt=dict.fromkeys(HARMLESS, 30))
    assert facts == facts_of(read(tmp_path), rows)
    assert (rows, (), ()) == (facts.usable, facts.warnings, facts.bad_rows)


def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    """Also when the same dirt is named in another order."""

    def bytes_of(seed: int, name: str, kinds: list[Dirt]) -> list[bytes]:
        folder = tmp_path / name
        folder.mkdir()
        write_export(folder, rows=100, seed=seed, dirt=dict.fromkeys(kinds, 2))
        return [(folder / file).read_bytes() for file in FILES]

    first = bytes_of(1, "first", list(Dirt))
    assert first == bytes_of(1, "again", list(reversed(Dirt)))
    assert first[3] != bytes_of(2, "other", list(Dirt))[3]


def test_references_are_unique_where_no_dirt_says_otherwise(tmp_path: Path) -> None:
    write_export(tmp_path, rows=2_000, seed=9)
    references = {line.split(",")[0] for line in lines_of(tmp_path / crm.PIPELINE_FILE)[1:]}
    assert 2_000 == len(references)


def test_an_export_may_have_no_rows(tmp_path: Path) -> None:
    facts = write_export(tmp_path, rows=0, seed=1)
    assert (0, 0, 0) == (facts.rows, facts.usable, facts.earned_minor)
    assert [] == read(tmp_path)


@pytest.mark.parametrize(
    ("rows", "dirt"),
    [(3, {Dirt.NOT_TEXT: 3}), (0, {Dirt.NOT_TEXT: 1}), (-1, None), (9, {Dirt.ISO_DATES: -1})],
)
def test_more_dirt_than_places_is_refused(
    tmp_path: Path, rows: int, dirt: dict[Dirt, int] | None
) -> None:
    """The first row stays clean, so that a repeated row has something to repeat."""
    with pytest.raises(ValueError, match="one row stays clean"):
        write_export(tmp_path, rows=rows, seed=1, dirt=dirt)
