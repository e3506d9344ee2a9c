"""What a document asks for below a field, so that it can be read with what is above it."""

from collections.abc import Iterable

from strawberry.types.nodes import SelectedField, Selection

from portal_api.schema.context import Info


def asks_for(info: Info, name: str) -> bool:
    """Whether a field of that name is asked for anywhere below the field that is resolved."""
    return any(_has(field.selections, name) for field in info.selected_fields)


def _has(selected: Iterable[Selection], name: str) -> bool:
    return any(
        (isinstance(one, SelectedField) and one.name == name) or _has(one.selections, name)
        for one in selected
    )
