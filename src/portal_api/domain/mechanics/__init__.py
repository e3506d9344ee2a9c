"""The ways of paying. Every module here defines one mechanic; adding a module adds the mechanic."""

import importlib
import pkgutil

from portal_api.domain.plans import Mechanic


def _discovered() -> dict[str, type[Mechanic]]:
    """The mechanic of each module, by kind, in the order of the module names."""
    found: dict[str, type[Mechanic]] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for member in vars(module).values():
            if isinstance(member, type) and issubclass(member, Mechanic) and member is not Mechanic:
                found[member.kind] = member
    return found


MECHANICS = _discovered()
"""Every mechanic class by its kind."""
