"""What a function has counted, as CloudWatch reads it."""

import json


def metrics_in(text: str) -> dict[str, int]:
    """The values of lines in CloudWatch's embedded metric format, of the stage that they name."""
    found: dict[str, int | list[int]] = {}
    for line in map(json.loads, text.splitlines()):
        (group,) = line["_aws"]["CloudWatchMetrics"]
        assert "Portal" == group["Namespace"]
        assert ["stage"] in group["Dimensions"]
        assert "prod" == line["stage"]
        found |= {one["Name"]: line[one["Name"]] for one in group["Metrics"]}
    return {name: value[0] if isinstance(value, list) else value for name, value in found.items()}
