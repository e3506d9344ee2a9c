"""The terms of programs: what they disclose and require, their versions, and changing them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from portal_api.domain import programs
from portal_api.domain.programs import TermsVersion
from portal_api.schema.access import Audience, declared
from portal_api.schema.context import Info
from portal_api.schema.nodes import find
from portal_api.services.store import Many, of_program

if TYPE_CHECKING:
    from portal_api.schema.programs import Program

_Program = Annotated["Program", strawberry.lazy("portal_api.schema.programs")]


@declared(Audience.ANYONE)
@strawberry.type(description="One version of a program's terms.")
class ProgramTermsVersion:
    """A version."""

    version: int = strawberry.field(description="Its number: 1 is the first.")
    terms: str = strawberry.field(description="What was accepted with it.")
    discloses_amounts: bool = strawberry.field(
        description="Whether a company's executive sees what each person earns."
    )
    in_force_from: datetime | None = strawberry.field(
        description="For what occurs from here on; null for the first: from the start."
    )
    in_force_to: datetime | None = strawberry.field(
        description="Up to but without this instant; null for the version in force."
    )


@strawberry.type
class ProgramTerms:
    """Mixed into Program."""

    record: strawberry.Private[programs.Program]

    @strawberry.field(
        description="Whether a first consent may also pay what was withheld for want of it before."
    )
    def retroactive(self) -> bool:
        """Whether it looks back."""
        return self.record.retroactive

    @strawberry.field(
        description="Whether its terms say that a company's executive sees what each person earns."
    )
    def discloses_amounts(self) -> bool:
        """Whether amounts are disclosed."""
        return self.record.discloses_amounts

    @strawberry.field(
        description="The program in which a company must take part as a whole, at the instant of a"
        " sale, for its rebate here to accrue. Null where none is required, or it is not for you."
    )
    async def participation_in(self, info: Info) -> _Program | None:
        """The required program."""
        if self.record.participation_in is None:
            return None
        found: Program | None = await find(info, "Program", self.record.participation_in)
        return found

    @strawberry.field(
        description="Every version of its terms, oldest first; the last one is in force. What"
        " occurs in the time of a version needs a consent and an enrollment in it or a later one."
    )
    async def terms_versions(self, info: Info) -> list[ProgramTermsVersion]:
        """The versions."""
        kept = await info.context.load(Many(TermsVersion, of_program(self.record.id)))
        starts = (None, *self.record.terms_since)
        last = (self.record.terms, self.record.discloses_amounts, None)
        # Of those that the program had when it was read, should it have got another since.
        before = kept.records[: len(starts) - 1]
        former = [(one.terms, one.discloses_amounts, one.until) for one in before]
        return [
            ProgramTermsVersion(
                version=number,
                terms=terms,
                discloses_amounts=discloses,
                in_force_from=since,
                in_force_to=until,
            )
            for number, (since, (terms, discloses, until)) in enumerate(
                zip(starts, (*former, last), strict=True), start=1
            )
        ]
