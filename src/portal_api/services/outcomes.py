"""The types of all use cases' outcomes by name, for whoever reads a stored answer."""

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin, get_type_hints

from portal_api import services
from portal_api.services.store import One


@functools.cache
def outcome_types() -> Mapping[str, type[Any]]:
    """Every record of the services by its name: a use case's outcome is one of them."""
    found: dict[str, type[Any]] = {}
    for module in pkgutil.iter_modules(services.__path__):
        loaded = importlib.import_module(f"{services.__name__}.{module.name}")
        found |= {
            name: kind
            for name, kind in inspect.getmembers(loaded, inspect.isclass)
            if is_dataclass(kind) and kind.__module__ == loaded.__name__
        }
    return found


def records_of(outcome: str, values: Mapping[str, Any]) -> tuple[One[Any], ...]:
    """The records that a stored answer names; none for an outcome that is not known."""
    kind = outcome_types().get(outcome)
    wants: list[One[Any]] = []
    for name, hint in (get_type_hints(kind) if kind else {}).items():
        member = get_args(hint)[0] if get_origin(hint) is tuple else hint
        stored = values.get(name)
        if is_dataclass(member) and isinstance(member, type):
            ids = stored if isinstance(stored, list) else [stored]
            wants += [One(member, str(record_id)) for record_id in ids if record_id is not None]
    return tuple(wants)
