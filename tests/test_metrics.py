"""What is counted reaches CloudWatch from AWS, and nothing is printed elsewhere."""

import json

import pytest

from portal_api import metrics


def test_a_count_is_one_line_in_the_embedded_metric_format(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As CloudWatch reads it:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "api")
    monkeypatch.setenv("PORTAL_STAGE", "prod")
    metrics.count(metrics.UNEXPECTED_ERRORS)
    line = json.loads(capsys.readouterr().out)
    (group,) = line["_aws"]["CloudWatchMetrics"]
    assert ("Portal", [["stage"]]) == (group["Namespace"], group["Dimensions"])
    assert [{"Name": "UnexpectedErrors", "Unit": "Count"}] == group["Metrics"]
    assert ("prod", [1]) == (line["stage"], line["UnexpectedErrors"])


@pytest.mark.parametrize(
    ("stage", "function", "value"), [("prod", "", 1), ("", "api", 1), ("prod", "api", 0)]
)
def test_nothing_is_said_outside_of_aws_nor_of_nothing(
    stage: str,
    function: str,
    value: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", function)
    monkeypatch.setenv("PORTAL_STAGE", stage)
    metrics.count(metrics.SERIES_RUN, value)
    assert not capsys.readouterr().out
