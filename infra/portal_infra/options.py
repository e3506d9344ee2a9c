"""What differs between deployments: the stage's sizes, and what its file or the caller says."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

_BUILD: Final = Path(__file__).resolve().parent.parent.parent / "build"
BUNDLE: Final = _BUILD / "portal-api-arm64.zip"
"""Where ``make bundle`` puts the program of the functions."""
INSIGHTS_BUNDLE: Final = _BUILD / "portal-insights-arm64.zip"
"""And the same with SciPy, for the function that computes."""


KEPT: Final = frozenset(
    {
        "apiHost",
        "certificate",
        "domain",
        "edge",
        "email",
        "origins",
        "table",
        "webhookPrivateOrigins",
    }
)
"""What can be said in a stage's file: all that is to be the same at each deployment of it."""


class OptionError(Exception):
    """Nothing can be deployed like this; the message says what to say instead."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a stage may take and cost at most, and how long it keeps its logs.

    ``read_units`` and ``write_units`` are the table's, in a second. ``concurrency`` is each
    function's share of the account's, which it neither exceeds nor can be robbed of.
    ``requests`` are the API's in a second, and ``burst`` at once.
    """

    read_units: int
    write_units: int
    requests: int
    burst: int
    log_days: int
    archive_days: int
    concurrency: MappingProxyType[str, int]


_DEV: Final = Sizes(
    read_units=500,
    write_units=200,
    requests=50,
    burst=100,
    log_days=30,
    archive_days=7,
    # An account has 1,000 at first, of which AWS keeps 100 unreserved.
    concurrency=MappingProxyType(
        {"api": 20, "scheduled": 5, "insights": 1, "stream": 8, "webhooks": 4, "tokens": 5}
    ),
)
_PROD: Final = Sizes(
    read_units=20_000,
    write_units=8_000,
    requests=1_000,
    burst=2_000,
    log_days=365,
    archive_days=90,
    concurrency=MappingProxyType(
        {"api": 200, "scheduled": 5, "insights": 1, "stream": 20, "webhooks": 20, "tokens": 50}
    ),
)
STAGES: Final = MappingProxyType({"dev": _DEV, "prod": _PROD})


@dataclass(frozen=True, slots=True)
class Edge:
    """CloudFront before an API that is there: the API's host, and the name that is called instead.

    ``certificate`` is the ARN of the name's certificate, in CloudFront's region.
    """

    api_host: str
    domain: str
    certificate: str


@dataclass(frozen=True, slots=True)
class Options:
    """One deployment. ``origins`` are the sites whose pages may call the API and sign people in.

    ``email`` gets the alarms. ``private_origins`` may be called by webhooks although they are
    private, for tests on one machine. ``table`` is another than the stage's first one: one that was
    restored from a backup. While it is ``paused`` nobody and nothing writes to its table.
    """

    stage: str
    bundle: Path
    insights_bundle: Path
    origins: tuple[str, ...] = ()
    email: str | None = None
    private_origins: tuple[str, ...] = ()
    edge: Edge | None = None
    table: str | None = None
    paused: bool = False
    sizes: Sizes = field(init=False)

    def __post_init__(self) -> None:
        """Takes the stage's sizes; raises ``OptionError`` for what cannot be deployed."""
        if self.stage not in STAGES:
            raise OptionError(f"Name a stage: -c stage={' or '.join(STAGES)}.")
        for bundle in (self.bundle, self.insights_bundle):
            if not bundle.is_file():
                raise OptionError(f"There is no {bundle}: run `make bundle` first.")
        if self.production and not self.origins:
            raise OptionError("Name the portal's sites: -c origins=https://portal.example.com.")
        if self.production and not self.email:
            raise OptionError("Name who gets the alarms: -c email=operators@example.com.")
        if self.production and self.private_origins:
            raise OptionError("In production no webhook goes to a private address.")
        for origin in self.origins:
            _check_origin(origin, secure=self.production)
        object.__setattr__(self, "sizes", STAGES[self.stage])

    @property
    def production(self) -> bool:
        """Whether real people are paid by it."""
        return self.stage == "prod"

    def named(self, name: str) -> str:
        """The name of one of this deployment's things."""
        return f"portal-{self.stage}-{name}"


def kept_in(path: Path) -> Mapping[str, object]:
    """What a stage's file says at every deployment; raises ``OptionError`` where it is unclear."""
    try:
        kept = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise OptionError(f"{path} cannot be read: {problem}.") from None
    if not isinstance(kept, dict) or not kept.keys() <= KEPT:
        raise OptionError(f"{path} is to be an object with some of {', '.join(sorted(KEPT))}.")
    return kept


def options_of(said: Callable[[str], object]) -> Options:
    """The options that ``said`` tells by their names; raises ``OptionError``."""

    def text(name: str) -> str:
        value = said(name)
        return "" if value is None else str(value).strip()

    def several(name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text(name).split(",") if part.strip())

    def file(name: str, made: Path) -> Path:
        return Path(text(name)).resolve() if text(name) else made

    return Options(
        stage=text("stage"),
        bundle=file("bundle", BUNDLE),
        insights_bundle=file("insightsBundle", INSIGHTS_BUNDLE),
        origins=several("origins"),
        email=text("email") or None,
        private_origins=several("webhookPrivateOrigins"),
        edge=_edge(text),
        table=text("table") or None,
        paused=_yes(text, "paused"),
    )


def _yes(text: Callable[[str], str], name: str) -> bool:
    asked = text(name).lower()
    if asked not in {"", "true", "false"}:
        raise OptionError(f"Say -c {name}=true, or nothing.")
    return asked == "true"


def _edge(text: Callable[[str], str]) -> Edge | None:
    """The edge, where ``-c edge=true`` asks for one."""
    if not _yes(text, "edge"):
        return None
    edge = Edge(text("apiHost"), text("domain"), text("certificate"))
    if not (edge.api_host and edge.domain and edge.certificate):
        raise OptionError(
            "With -c edge=true name also -c apiHost=… (the output ApiHost of the API, which is"
            " deployed first), -c domain=… and -c certificate=… (its ARN in us-east-1)."
        )
    return edge


def _check_origin(origin: str, *, secure: bool) -> None:
    parts = urlsplit(origin)
    local = not secure and parts.hostname in {"localhost", "127.0.0.1"}
    allowed = {"https", "http"} if local else {"https"}
    if parts.scheme not in allowed or origin != f"{parts.scheme}://{parts.netloc}":
        raise OptionError(f"{origin} is no origin such as https://portal.example.com.")
