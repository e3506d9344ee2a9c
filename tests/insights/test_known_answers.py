"""Each question gives the planted answer where one was planted, and none where there is none."""

import pytest

from tests.insights import table
from tests.insights.planted import Plant, drawn

PLANTS = table.plants()


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.question}: {plant.name}")
def test_what_was_planted_is_found_and_nothing_else(plant: Plant) -> None:
    """The planted verdict in its share of seeds; of 200 without an effect, at most 10 false."""
    shares = plant.shares()
    assert table.held(plant, shares), shares


def test_every_question_is_asked_with_and_without_an_effect() -> None:
    """A question without noise could say yes to everything; one without an effect, no."""
    asked = {one.question for one in PLANTS}
    assert asked == {one.question for one in PLANTS if one.noise}
    assert asked == {one.question for one in PLANTS if not one.noise}


def test_the_readme_tells_of_every_plant() -> None:
    """And of no other: `python -m tests.insights.table` puts them there."""
    text = table.README.read_text("utf-8")
    told = [line for line in text.splitlines() if line.endswith((" false |", " of 10 |"))]
    rows = sorted(table.row(plant) for plant in PLANTS)
    assert rows == sorted(line.rpartition(" |")[0].rpartition(" |")[0] + " |" for line in told)


def test_a_market_is_the_same_for_a_seed() -> None:
    """Another run finds what this one found."""
    sketch = PLANTS[0].sketch
    assert drawn(sketch, 1) == drawn(sketch, 1)
    assert drawn(sketch, 1) != drawn(sketch, 2)
