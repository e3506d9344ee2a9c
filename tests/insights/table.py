"""The table of known answers: what was planted in markets, and what the questions made of them.

``python -m tests.insights.table`` prints it, and writes it to ``build/known_answers.md`` and into
the README.
"""

import re
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from tests.insights.planted import Plant

NOISE_SEEDS, MOST_FALSE, LEAST_TOLD = 200, 10, 160
"""Of so many markets without an effect, so many may have a false verdict (5 %), and the planted
answer must come out for so many: no verdict is not a false one, but proves nothing."""
NO_VERDICT = "INSUFFICIENT_DATA"
TABLE = Path("build/known_answers.md")
README = Path(__file__).parent.parent.parent / "README.md"
_MARK = "<!-- known answers"
_BLOCK = re.compile(f"{_MARK} -->.*?<!-- /known answers -->", re.DOTALL)


def plants() -> tuple[Plant, ...]:
    """The plants of all questions, each module's ``PLANTS``."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("plants_*.py"))
    found = (import_module(f"tests.insights.{name}").PLANTS for name in modules)
    return tuple(plant for own in found for plant in own)


def held(plant: Plant, shares: dict[str, int]) -> bool:
    """Whether planted verdicts came out as often as they must, or false ones no more often."""
    if plant.noise:
        told = shares.get(plant.expected, 0)
        return false_verdicts(plant, shares) <= MOST_FALSE and told >= LEAST_TOLD
    return shares.get(plant.expected, 0) >= plant.least_share * plant.seeds


def false_verdicts(plant: Plant, shares: dict[str, int]) -> int:
    """How many verdicts are other than what was planted."""
    right = {plant.expected, NO_VERDICT}
    return sum(count for word, count in shares.items() if word not in right)


def rows() -> Iterator[tuple[Plant, str]]:
    """The plants with what was found, those with an effect first."""
    for plant in sorted(plants(), key=lambda one: (one.noise, one.question)):
        shares = plant.shares()
        if plant.noise:
            yield plant, f"{false_verdicts(plant, shares)} of {NOISE_SEEDS} false"
        else:
            yield plant, f"{shares.get(plant.expected, 0)} of {plant.seeds}"


def summary(found: Sequence[tuple[Plant, str]]) -> Iterator[str]:
    """The table by question: how many planted effects came out, and the worst without an effect."""
    yield "| question | planted effects | came out | without an effect | most false verdicts |"
    yield "|---|---|---|---|---|"
    for question in sorted({plant.question for plant, _ in found}):
        own = [(plant, text) for plant, text in found if plant.question == question]
        planted = [text.split(" of ") for plant, text in own if not plant.noise]
        noise = [int(text.split()[0]) for plant, text in own if plant.noise]
        right, seeds = (sum(int(one[at]) for one in planted) for at in (0, 1))
        yield (
            f"| {question} | {len(planted)} | {right} of {seeds} | {len(noise)}"
            f" | {max(noise)} of {NOISE_SEEDS} |"
        )


def whole(found: Sequence[tuple[Plant, str]]) -> Iterator[str]:
    """The table, row by row."""
    yield "| question | planted | expected | found |"
    yield "|---|---|---|---|"
    for plant, text in found:
        yield f"{row(plant)} {text} |"


def row(plant: Plant) -> str:
    """A plant's row, up to what was found."""
    return f"| {plant.question} | {plant.name} | {plant.expected} |"


def main() -> None:
    """Prints the table, writes it, and puts it into the README."""
    found = list(rows())
    table = "\n".join(whole(found))
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(f"{table}\n")
    folded = "<details><summary>all of them (on a click)</summary>", table, "</details>"
    parts = (f"{_MARK} -->", "\n".join(summary(found)), *folded, "<!-- /known answers -->")
    text = _BLOCK.sub(lambda _: "\n\n".join(parts), README.read_text("utf-8"))
    README.write_text(text, "utf-8")
    print(table)  # noqa: T201


if __name__ == "__main__":
    main()
