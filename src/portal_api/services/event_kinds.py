"""Every kind of event that there can be: what use cases answer, and what happens by itself."""

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Final, get_type_hints

from portal_api import services
from portal_api.services import audit

TELLING_OF_DELIVERIES: Final = frozenset({"WebhookEventsReplayed", "WebhookTestRequested"})
"""What is never delivered itself: otherwise each delivery asked for would lead to another."""


@functools.cache
def event_kinds() -> frozenset[str]:
    """The kinds of events that webhooks can tell of."""
    return frozenset({*audit.BY_ITSELF, *_outcomes()} - TELLING_OF_DELIVERIES)


def _outcomes() -> Iterator[str]:
    """What use cases answer about a record: functions that take a portal and who asks."""
    for module in pkgutil.iter_modules(services.__path__):
        loaded = importlib.import_module(f"{services.__name__}.{module.name}")
        for _, use_case in inspect.getmembers(loaded, inspect.isfunction):
            if list(inspect.signature(use_case).parameters)[:2] == ["portal", "ask"]:
                kind = getattr(get_type_hints(use_case)["return"], "__name__", "")
                if hasattr(audit.kind_of_subject(kind), "id"):
                    yield kind
