"""A month's bill: what is assumed beside the counted units, AWS's list prices, and the sum."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from tests.metering import Usage

MILLION: Final = 10**6
GB: Final = 10**9

API_GB, STREAM_GB, WEBHOOKS_GB = 1.0, 0.25, 0.5
"""The memory of the three functions that requests and events pass through."""
INSIGHTS_GB: Final = 1769 / 1024
"""And of the one that computes the insight."""
ASKED_MS, READ_MS, TRANSACTION_MS = 100, 5, 15
"""How long a request computes, with the function's share of a processor (``make footprint``), and
how long it waits for a wave of reads, and for a transaction."""
STREAM_MS, WEBHOOK_MS = 25, 250
"""How long an event keeps the stream's function, and the webhooks', which waits for the receiver.
Each is a run of both, though the stream's takes many at a time where there are many."""
HOURS: Final = 730
WEEKS: Final = HOURS / (7 * 24)
"""Of a month. Each hour the insight is refreshed, and each week it is another one."""
LOADED_MS, PERSON_MS = 3_000, 12
"""How long a refresh takes to load SciPy, and to read and compute what it tells of a person in the
demo's programs (``python -m tests.costs`` tells it)."""
LOG_BYTES: Final = 1_500
"""Of a request: the function's own line, Lambda's three, and the gateway's."""
TRAINING, REGISTRATION, WIN = 0.6, 0.2, 0.2
"""What the activities are. A registration is submitted and approved; a win's pay is released."""
PHONE, COMPANY, DAY = 5.0, 0.5, 0.5
"""How often each of the three screens is opened, for each activity."""
TRACED: Final = 0.05
"""The part of all runs that is traced."""
ACTIVITIES_OF_A_PERSON: Final = 40
"""In a month: so many people sign in."""
MONTHS, MONTHS_PASSING = 12, 3
"""So long the table has grown; answers are of three months, as deliveries would be at most."""


@dataclass(frozen=True)
class Use:
    """Something that was done: what it used of the table, and how many bytes it was answered.

    It was done for so many ``people`` at once.
    """

    name: str
    used: Usage
    answer_bytes: int = 0
    requests: int = 1
    people: int = 1

    @property
    def milliseconds(self) -> float:
        """How long the API's function runs for it."""
        if not self.requests:
            return 0.0
        waits = READ_MS * self.used.read_waves + TRANSACTION_MS * self.used.transactions
        return ASKED_MS * self.requests + waits


@dataclass(frozen=True)
class Price:
    """A list price: ``usd`` for so many ``per``; ``beyond`` the first ``many``, which is all."""

    what: str
    usd: float
    per: int
    page: str
    many: float = inf
    beyond: float = 0.0

    def __str__(self) -> str:
        """In dollars, for one or for a million."""
        per = " / M" if self.per == MILLION else ""
        first = f"{self.usd:.4g}{per}"
        return first if self.many == inf else f"{first}, beyond {_rough(self.many)} {self.beyond}"

    def of(self, quantity: float) -> float:
        """What so many cost."""
        dear, cheap = min(quantity, self.many), max(0.0, quantity - self.many)
        return (dear * self.usd + cheap * self.beyond) / self.per


PRICES: Final = (
    Price("DynamoDB write request units", 0.625, MILLION, "dynamodb"),
    Price("DynamoDB read request units", 0.125, MILLION, "dynamodb"),
    Price("DynamoDB GB-months, stored", 0.25, 1, "dynamodb"),
    Price("DynamoDB GB-months, recoverable to any second", 0.20, 1, "dynamodb"),
    Price("HTTP API requests", 1.00, MILLION, "api-gateway", 300 * MILLION, 0.90),
    Price("Lambda requests", 0.20, MILLION, "lambda"),
    Price("Lambda GB-seconds, arm64", 13.3334, MILLION, "lambda"),
    Price("EventBridge events of our own", 1.00, MILLION, "eventbridge"),
    Price("CloudWatch Logs, GB taken in", 0.50, 1, "cloudwatch"),
    Price("X-Ray traces", 5.00, MILLION, "cloudwatch"),
    Price("GB sent to the internet", 0.09, 1, "ec2/pricing/on-demand", 10_240, 0.085),
    Price("Cognito Essentials, people who sign in", 0.0, 1, "cognito", 10_000, 0.015),
)
"""Of us-east-1, as published in 2026 at https://aws.amazon.com/PAGE/pricing/."""


def month(uses: Mapping[str, Use], activities: int) -> dict[str, float]:
    """What is used in a month, by the name of its price."""
    weights = {
        "training": TRAINING,
        "submission": REGISTRATION,
        "approval": REGISTRATION,
        "win": WIN,
        "releases": WIN,
        "phone": PHONE,
        "company": COMPANY,
        "day": DAY,
    }
    parts = [(activities * weight, uses[name]) for name, weight in weights.items()]
    people = activities / ACTIVITIES_OF_A_PERSON
    for name, often in (("week", WEEKS), ("hour", HOURS - WEEKS)):
        parts.append((often * people / uses[name].people, uses[name]))

    def total(of: str) -> float:
        return float(sum(count * getattr(use.used, of) for count, use in parts))

    requests = sum(count * use.requests for count, use in parts)
    events = total("events")
    parts.append((events, uses["webhook"]))
    served = sum(count * use.milliseconds for count, use in parts) * API_GB
    told = events * (STREAM_MS * STREAM_GB + WEBHOOK_MS * WEBHOOKS_GB)
    computed = HOURS * (LOADED_MS + people * PERSON_MS) * INSIGHTS_GB
    runs = requests + 2 * events + HOURS
    stored = (total("stored_bytes") * MONTHS + total("passing_bytes") * MONTHS_PASSING) / GB
    quantities = (
        total("write_units"),
        total("read_units"),
        stored,
        stored,
        requests,
        runs,
        (served + told + computed) / 1000,
        events,
        runs * LOG_BYTES / GB,
        runs * TRACED,
        sum(count * use.answer_bytes for count, use in parts) / GB,
        people,
    )
    return {price.what: many for price, many in zip(PRICES, quantities, strict=True)}


def shown(uses: Mapping[str, Use], activities: tuple[int, ...]) -> str:
    """The units of each use, and the bill of each month, as tables in Markdown."""
    return "\n".join([*_of_uses(uses), "", *_of_months(uses, activities)]) + "\n"


def _of_uses(uses: Mapping[str, Use]) -> Iterator[str]:
    yield "| one of | write units | read units | items written | waves | bytes kept | events |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for use in uses.values():
        one = use.used
        waves = one.read_waves + one.transactions
        cells = (one.write_units, one.read_units, one.items_written, waves)
        kept = round(one.stored_bytes, -2)  # An id more or less is no news.
        yield f"| {use.name} | {' | '.join(map(str, cells))} | {kept:,} | {one.events} |"


def _of_months(uses: Mapping[str, Use], activities: tuple[int, ...]) -> Iterator[str]:
    months = [month(uses, many) for many in activities]
    yield f"| a month of | USD | {' | | '.join(f'{many:,}' for many in activities)} | |"
    yield f"|---|---|{'---:|---:|' * len(activities)}"
    yield f"| | | {' | '.join(('units', 'USD') * len(activities))} |"
    for price in PRICES:
        cells = (f"{_rough(one[price.what])} | {price.of(one[price.what]):,.2f}" for one in months)
        yield f"| {price.what} | {price} | {' | '.join(cells)} |"
    sums = [sum(price.of(one[price.what]) for price in PRICES) for one in months]
    yield f"| **in all** | | {' | '.join(f'| **{one:,.2f}**' for one in sums)} |"
    each = [1000 * one / many for one, many in zip(sums, activities, strict=True)]
    yield f"| of 1,000 activities | | {' | '.join(f'| {one:,.3f}' for one in each)} |"


def _rough(quantity: float) -> str:
    """A quantity in three digits."""
    for size, sign in ((GB, " G"), (MILLION, " M"), (1000, " k")):
        if quantity >= size:
            return f"{quantity / size:.3g}{sign}"
    return f"{quantity:.3g}"
