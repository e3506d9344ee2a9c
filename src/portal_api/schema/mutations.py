"""The one way a mutation field is made.

With its result union, its service, and the roles that may call it.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import strawberry

from portal_api.domain.errors import NotFound
from portal_api.domain.partners import Role
from portal_api.schema.access import Audience, may_see
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

    def make(resolver: Callable[..., Any]) -> Any:
        told = strawberry.argument(description="What is wished, under a request id.")
        annotations = resolver.__annotations__
        annotations["input"] = Annotated[annotations["input"], told]
        return strawberry.mutation(
            resolver,
            graphql_type=result,
            description=f"{description} For: {who}.",
            metadata={ROLES: roles},
        )

    return make


def perform(
    info: Info, service: Callable[..., Success], request_id: str, **arguments: Any
) -> Success:
    """Runs a mutation's service as the viewer, under the client's request id."""
    context = info.context
    # What a mutation before it in the same document has read may be true no more.
    context.forget()
    return service(context.portal, context.ask(request_id), **arguments)


async def authorized(
    info: Info, shown: type, partner_id: str | None, individual_id: str | None = None
) -> frozenset[Audience]:
    """What the viewer is to an answer's record of that partner and person.

    Raises ``NotFound`` for whoever may not see it as ``shown``: an answer that is given again may
    be of a partner, or a role, that its asker has left since.
    """
    viewer = await info.context.viewer()
    audiences = viewer.audiences(partner_id, individual_id)
    if not may_see(shown, audiences):
        raise NotFound.of("requestId")
    return audiences


@strawberry.input(description="What every mutation's input has.")
class MutationInput:
    """The request id that makes a retry safe."""

    request_id: str = strawberry.field(
        description="Made by the client, 8 to 100 ASCII characters, new for each wish: the same one"
        " again answers the same and changes nothing."
    )
