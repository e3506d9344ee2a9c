"""Numbers for CloudWatch, as lines of the log in its embedded metric format."""

from typing import Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from portal_api import settings

NAMESPACE: Final = "Portal"

UNEXPECTED_ERRORS: Final = "UnexpectedErrors"
STORE_UNAVAILABLE: Final = "StoreUnavailable"
SERIES_RUN: Final = "SeriesRun"
SERIES_UNFINISHED: Final = "SeriesUnfinished"
EVENTS_FORWARDED: Final = "EventsForwarded"
EVENTS_FAILED: Final = "EventsFailed"
WEBHOOKS_DELIVERED: Final = "WebhooksDelivered"
WEBHOOKS_FAILED: Final = "WebhooksFailed"
WEBHOOKS_GIVEN_UP: Final = "WebhooksGivenUp"


def count(name: str, value: int = 1) -> None:
    """Counts something of the deployment; outside of AWS, where nobody reads it, nothing."""
    stage = settings.stage_on_lambda()
    if stage and value:
        with single_metric(name, MetricUnit.Count, value, namespace=NAMESPACE) as metric:
            metric.add_dimension("stage", stage)
