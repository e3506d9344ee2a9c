"""The table of alarms in ``infra/README.md``, made from the template; rewrites it when run.

``python -m tests.infra.runbook TEMPLATE`` writes what ``tests/infra/test_operations.py`` compares
with, from ``build/cdk.out/portal-dev.template.json`` as ``make synth STAGE=dev`` leaves it.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from infra.portal_infra.functions import SHAPES

RUNBOOK: Final = Path(__file__).resolve().parent.parent.parent / "infra" / "README.md"
_STAGE: Final = "portal-dev-"
_BLOCK = re.compile(r"(<!-- alarms -->\n).*?(<!-- /alarms -->)", re.DOTALL)
_KINDS = ("errors", "throttles", "concurrency", "duration", "waiting", "dropped")
_OF_A_FUNCTION = re.compile(rf"({'|'.join(SHAPES)})-({'|'.join(_KINDS)})")


def rendered(text: str, template: Mapping[str, Any]) -> str:
    """The text with a row for each alarm of the template; what functions share is one row."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            kind, names = _kind(resource["Properties"])
            rows.setdefault(kind, []).extend(names)
    lines = [_row(*kind, names) for kind, names in rows.items()]
    table = "\n".join(["| alarm `portal-STAGE-`… | means | first |", "|---|---|---|", *lines])
    return _BLOCK.sub(lambda mark: f"{mark.group(1)}\n{table}\n\n{mark.group(2)}", text)


def _kind(alarm: Mapping[str, Any]) -> tuple[tuple[str, str, str], list[str]]:
    """Name, meaning and first step, without the name of a function; and that name, if any."""
    name = alarm["AlarmName"].removeprefix(_STAGE)
    means, _, first = alarm["AlarmDescription"].partition(" First: ")
    function = _OF_A_FUNCTION.fullmatch(name)
    if function is None:
        return (name, means, first), []
    own = f"{_STAGE}{function[1]}"
    means, first = (text.replace(own, "FUNCTION") for text in (means, first))
    return (f"FUNCTION-{function[2]}", means, first), [function[1]]


def _row(name: str, means: str, first: str, functions: Sequence[str]) -> str:
    """The row of an alarm; where it is not of all functions, it names whose it is."""
    named = f"`{name}`"
    if functions and len(functions) < len(SHAPES):
        named = ", ".join(f"`{name.replace('FUNCTION', one)}`" for one in functions)
    return f"| {named} | {means} | {first[:1].upper()}{first[1:]} |"


if __name__ == "__main__":
    known = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    RUNBOOK.write_text(rendered(RUNBOOK.read_text("utf-8"), known), "utf-8")
