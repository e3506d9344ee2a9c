"""A refresh costs what partners, people and weeks come to, whatever they have done in them."""

from pathlib import Path

from tests.insights.costs import Size, compare

FEW, MANY = Size(5, 5, 10, 1), Size(5, 5, 10, 100)


def test_P6_an_insight_of_a_hundred_times_as_many_activities_costs_the_same(
    tmp_path: Path,
) -> None:
    """The same waves, keys and items, as many bytes and as much of the processor, within a fifth.

    Of 1,000 and of 100,000 activities of the same people, weeks and behaviors; the processor's time
    in medians of turns, measured again where a busy machine has spoilt it.
    """
    assert (1_000, 100_000) == (FEW.activities, MANY.activities)
    found = compare(tmp_path, FEW, MANY, 9)
    few, many = found.costs
    assert (few.waves, few.asked, few.items) == (many.waves, many.asked, many.items)
    assert few.items >= FEW.partners * FEW.people * FEW.weeks
    assert few.bytes_read < many.bytes_read < 1.2 * few.bytes_read
    ratios = [found.ratio]
    while ratios[-1] >= 1.2 and len(ratios) < 3:
        folder = tmp_path / f"again-{len(ratios)}"
        folder.mkdir()
        ratios.append(compare(folder, FEW, MANY, 9).ratio)
    assert min(ratios) < 1.2, ratios


def test_P6_it_grows_with_people_and_weeks(tmp_path: Path) -> None:
    """The control: twice the people over twice the weeks are four times the weeks read."""
    few, many = compare(tmp_path, FEW, Size(5, 10, 20, 2), 1).costs
    assert 3 * few.items < many.items
