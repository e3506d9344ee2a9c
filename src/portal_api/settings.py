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
REGION: Final = "PORTAL_REGION"
ENDPOINT_URL: Final = "PORTAL_ENDPOINT_URL"
STORE: Final = "PORTAL_STORE"
TOKEN_CLIENT_IDS: Final = "PORTAL_TOKEN_CLIENT_IDS"  # noqa: S105 - The name of a variable.
ALLOWED_ORIGINS: Final = "PORTAL_ALLOWED_ORIGINS"

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
    """Everything that differs between deployments. ``stage`` names the deployment in logs.

    ``token_client_ids`` are the app clients whose access tokens are taken, never empty.
    ``allowed_origins`` are the sites whose pages may call; what no page sent is not concerned.
    """

    stage: str
    place: Place
    token_client_ids: frozenset[str]
    allowed_origins: frozenset[str] = frozenset()


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in an environment, by default the process's; raises ``SettingsError``."""
    read = _Reader(os.environ if environment is None else environment)
    stage = read.needed(STAGE, "the deployment's name, such as prod")
    if stage and not _STAGE_NAME.fullmatch(stage):
        read.problems.append(f"{STAGE} is not lower-case letters, digits and dashes.")
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
    place = _place(read)
    if read.problems or place is None:
        raise SettingsError(tuple(read.problems))
    return Settings(stage, place, client_ids, origins)


def on_lambda(environment: Mapping[str, str] | None = None) -> bool:
    """Whether this process runs in AWS, where nothing made for development may load."""
    known = os.environ if environment is None else environment
    return bool(known.get("AWS_LAMBDA_FUNCTION_NAME") or known.get("AWS_EXECUTION_ENV"))


class _Reader:
    """Reads values and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.problems: list[str] = []

    def optional(self, *names: str) -> str:
        """The first of the variables that says something."""
        return next(
            (value for name in names if (value := self.environment.get(name, "").strip())), ""
        )

    def needed(self, name: str, what: str, *others: str) -> str:
        """The same for what must be there."""
        value = self.optional(name, *others)
        if not value:
            self.problems.append(f"{name} is missing: {what}.")
        return value

    def several(self, name: str) -> frozenset[str]:
        """The values between commas."""
        return frozenset(part.strip() for part in self.optional(name).split(",") if part.strip())


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
    region = read.needed(REGION, "the table's AWS region (or AWS_REGION)", "AWS_REGION")
    endpoint_url = read.optional(ENDPOINT_URL)
    if endpoint_url and urlsplit(endpoint_url).scheme not in {"http", "https"}:
        read.problems.append(f"{ENDPOINT_URL} is no http or https URL.")
    return DynamoPlace(table, region, endpoint_url or None) if table and region else None


def _is_origin(text: str) -> bool:
    """Whether it is what a browser sends as an origin: a secure site, or this machine."""
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
    return (parts.scheme == "https" or local) and text == f"{parts.scheme}://{parts.netloc}"


def pretend_credentials() -> None:
    """Gives this process credentials that open nothing, where it has none: for a local endpoint."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "local")
