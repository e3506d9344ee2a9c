"""What the README says is so."""

import re

from tests.readme import README, rendered


def test_the_readmes_examples_answer_what_the_readme_says() -> None:
    """Documents, variables and answers are the demo's; ``python -m tests.readme`` renews them."""
    text = README.read_text("utf-8")
    assert 2 <= len(re.findall("<!-- example: ", text))
    assert text == rendered(text)


def test_every_file_that_the_readme_names_is_there() -> None:
    """A newcomer finds what is pointed at."""
    layers = "schema|services|domain|storage"
    names = re.findall(rf"`((?:{layers})/[\w/]*\w\.py)`", README.read_text("utf-8"))
    missing = [name for name in names if not (README.parent / "src/portal_api" / name).is_file()]
    assert names
    assert [] == missing
