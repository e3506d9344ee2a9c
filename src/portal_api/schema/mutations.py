"""The one way a mutation field is made.

With its result union, its service, and the roles that may call it.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from portal_api.domain.partners import Role
from portal_api.schema.context import Info

Success = TypeVar("Success")

ROLES = "portal_roles"


def mutation(
    result: Any, roles: frozenset[Role], description: str
) -> Callable[[Callable[..., Any]], Any]:
    """A mutation field. ``roles`` declares who may call it: the service named in it enforces that.

    A test calls every mutation as every role, so that the two cannot differ.
    """
    who = ", ".join(sorted(roles))
    made: Callable[[Callable[..., Any]], Any] = strawberry.mutation(
        graphql_type=result,
        description=f"{description} For: {who}.",
        metadata={ROLES: roles},
    )
    return made


def perform(
    info: Info, service: Callable[..., Success], request_id: str, **arguments: Any
) -> Success:
    """Runs a mutation's service as the viewer, under the client's request id."""
    context = info.context
    # What a mutation before it in the same document has read may be true no more.
    context.forget()
    return service(context.portal, context.ask(request_id), **arguments)


@strawberry.input(description="What every mutation's input has.")
class MutationInput:
    """The request id that makes a retry safe."""

    request_id: str = strawberry.field(
        description="Made by the client, 8 to 100 ASCII characters, new for each wish: the same one"
        " again answers the same and changes nothing."
    )
