"""What the environment says, read here only; everything that is wrong with it is said at once."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

STAGE: Final = "PORTAL_STAGE"
TABLE: Final = "PORTAL_TABLE"
REGION: Final = "AWS_REGION"
ENDPOINT_URL: Final = "PORTAL_ENDPOINT_URL"
STORE: Final = "PORTAL_STORE"
TOKEN_CLIENT_IDS: Final = "PORTAL_TOKEN_CLIENT_IDS"  # noqa: S105 - The name of a variable.
ALLOWED_ORIGINS: Final = "PORTAL_ALLOWED_ORIGINS"
EVENT_BUS: Final = "PORTAL_EVENT_BUS"
WEBHOOK_PRIVATE_ORIGINS: Final = "PORTAL_WEBHOOK_PRIVATE_ORIGINS"
PRODUCTION: Final = "prod"

_STAGE_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")


class SettingsError(Exception):
    """The environment cannot be used; ``problems`` names each reason and no value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """All that is missing or wrong."""
        super().__init__("The environment is not complete: " + " ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SqlitePlace:
    """The embedded store: one file."""

    path: Path


@dataclass(frozen=True, slots=True)
class DynamoPlace:
    """A table in DynamoDB; ``endpoint_url`` is another server than the region's."""

    table: str
    region: str
    endpoint_url: str | None = None


Place = SqlitePlace | DynamoPlace
"""Where the store is."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What differs between deployments of the API. ``stage`` names the deployment in logs.

    ``token_client_ids`` are the app clients whose access tokens are taken, never empty.
    ``allowed_origins`` are the sites whose pages may call; what no page sent is not concerned.
    ``private_origins`` are those of ``WebhookSettings``, which endpoints may be registered at.
    """

    stage: str
    place: Place
    token_client_ids: frozenset[str]
    allowed_origins: frozenset[str] = frozenset()
    private_origins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """What a function needs that works on the store: the schedules', the one at sign-in."""

    stage: str
    place: Place


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the stream's function needs: the bus that it puts events on, in its own region."""

    stage: str
    event_bus: str


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """What the webhooks' function needs.

    ``private_origins`` may be called although they are private, for a receiver on a developer's
    own machine; there are none in production.
    """

    stage: str
    place: Place
    private_origins: frozenset[str] = frozenset()


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """The API's settings in an environment, by default the process's; raises ``SettingsError``."""
    read = _Reader(os.environ if environment is None else environment)
    stage, place = _stage(read), _place(read)
    client_ids = read.several(TOKEN_CLIENT_IDS)
    if not client_ids:
        read.problems.append(
            f"{TOKEN_CLIENT_IDS} is missing: the app clients to take tokens of, comma-separated."
        )
    origins = read.several(ALLOWED_ORIGINS)
    if not all(map(_is_origin, origins)):
        read.problems.append(
            f"{ALLOWED_ORIGINS} holds something else than https://host or http://localhost."
        )
    private_origins = _private_origins(read, stage)
    if read.problems or place is None:
        raise SettingsError(tuple(read.problems))
    return Settings(stage, place, client_ids, origins, private_origins)


def for_store(environment: Mapping[str, str] | None = None) -> StoreSettings:
    """The settings of a function on the store; raises ``SettingsError``."""
    read = _Reader(os.environ if environment is None else environment)
    stage, place = _stage(read), _place(read)
    if read.problems or place is None:
        raise SettingsError(tuple(read.problems))
    return StoreSettings(stage, place)


def for_stream(environment: Mapping[str, str] | None = None) -> StreamSettings:
    """The settings of the stream's function; raises ``SettingsError``."""
    read = _Reader(os.environ if environment is None else environment)
    stage, bus = _stage(read), read.needed(EVENT_BUS, "the name of the bus for events")
    if read.problems:
        raise SettingsError(tuple(read.problems))
    return StreamSettings(stage, bus)


def for_webhooks(environment: Mapping[str, str] | None = None) -> WebhookSettings:
    """The settings of the webhooks' function; raises ``SettingsError``."""
    read = _Reader(os.environ if environment is None else environment)
    stage, place = _stage(read), _place(read)
    origins = _private_origins(read, stage)
    if read.problems or place is None:
        raise SettingsError(tuple(read.problems))
    return WebhookSettings(stage, place, origins)


def stage_on_lambda(environment: Mapping[str, str] | None = None) -> str | None:
    """The deployment's name where this process runs in AWS."""
    known = os.environ if environment is None else environment
    return known.get(STAGE) if on_lambda(known) else None


def on_lambda(environment: Mapping[str, str] | None = None) -> bool:
    """Whether this process runs in AWS, where nothing made for development may load."""
    known = os.environ if environment is None else environment
    return bool(known.get("AWS_LAMBDA_FUNCTION_NAME") or known.get("AWS_EXECUTION_ENV"))


class _Reader:
    """Reads values and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def optional(self, name: str) -> str:
        """What the variable says; nothing where it is missing or blank."""
        return self.environment.get(name, "").strip()

    def needed(self, name: str, what: str) -> str:
        """The same for what must be there."""
        value = self.optional(name)
        if not value:
            self.problems.append(f"{name} is missing: {what}.")
        return value

    def several(self, name: str) -> frozenset[str]:
        """The values between commas."""
        return frozenset(part.strip() for part in self.optional(name).split(",") if part.strip())


def _stage(read: _Reader) -> str:
    """The deployment's name."""
    stage = read.needed(STAGE, "the deployment's name, such as prod")
    if stage and not _STAGE_NAME.fullmatch(stage):
        read.problems.append(f"{STAGE} is not lower-case letters, digits and dashes.")
    return stage


def _private_origins(read: _Reader, stage: str) -> frozenset[str]:
    """Where webhooks may go although it is private."""
    origins = read.several(WEBHOOK_PRIVATE_ORIGINS)
    if not all(map(_is_web_origin, origins)):
        read.problems.append(f"{WEBHOOK_PRIVATE_ORIGINS} holds something that is no origin.")
    if origins and stage == PRODUCTION:
        read.problems.append(f"{WEBHOOK_PRIVATE_ORIGINS} is for development only.")
    return origins


def _place(read: _Reader) -> Place | None:
    """Where the store is: a table, or a file where this is not Lambda."""
    file = read.optional(STORE)
    if file and read.optional(TABLE):
        read.problems.append(f"{STORE} and {TABLE} exclude each other.")
        return None
    if file:
        if on_lambda(read.environment):
            read.problems.append(
                f"{STORE} is for development: the files of a function do not last."
            )
            return None
        return SqlitePlace(Path(file))
    table = read.needed(TABLE, "the DynamoDB table")
    region = read.needed(REGION, "the table's AWS region, which Lambda sets")
    endpoint_url = read.optional(ENDPOINT_URL)
    if endpoint_url and urlsplit(endpoint_url).scheme not in {"http", "https"}:
        read.problems.append(f"{ENDPOINT_URL} is no http or https URL.")
    return DynamoPlace(table, region, endpoint_url or None) if table and region else None


def _is_origin(text: str) -> bool:
    """Whether it is what a browser sends as an origin: a secure site, or this machine."""
    parts = urlsplit(text)
    local = parts.hostname in {"localhost", "127.0.0.1"}
    return _is_web_origin(text) and (parts.scheme == "https" or local)


def _is_web_origin(text: str) -> bool:
    """Whether it is a scheme of the web and a host, and no more."""
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and text == f"{parts.scheme}://{parts.netloc}"


def pretend_credentials() -> None:
    """Gives this process credentials that open nothing, where it has none: for a local endpoint."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "local")
