"""Partners from files, with their teams: each row goes in once, by the id of another system."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from portal_api.domain.crm_rows import quoted
from portal_api.domain.import_files import ProblemCode
from portal_api.domain.partners import (
    BusinessModel,
    Partner,
    PartnerType,
    SalesStrategy,
    Tier,
)
from portal_api.services.csv_files import SECONDS_MAX, Report, Row, Unusable
from portal_api.services.partners import MANAGERS, Profile, add_partner, name_of_partner
from portal_api.services.row_imports import (
    FileKind,
    ask_of,
    contradicted,
    import_rows,
    read_one,
)
from portal_api.services.store import Holder
from portal_api.services.use_case import Ask, Portal

E = TypeVar("E", bound=StrEnum)

PARTNERS: Final = (
    "external_id",
    "name",
    "type",
    "tier",
    "region",
    "business_model",
    "strategy",
    "teams",
)
_PARTNERS_FILE: Final = FileKind(
    operation="importPartners",
    roles=MANAGERS,
    columns=PARTNERS,
    needed=("external_id", "name", "type", "tier", "region"),
    key=("external_id",),
)


def import_partners(
    portal: Portal,
    ask: Ask,
    *,
    content: str | Iterable[str],
    seconds: float | None = SECONDS_MAX,
) -> Report:
    """Adds the partners of a file that are not there yet; raises as ``import_rows`` does."""
    use = _Partners(portal, ask).use
    return import_rows(portal, ask, _PARTNERS_FILE, content, use, seconds)


@dataclass(frozen=True)
class _Partners:
    """Uses the rows of a file of partners."""

    portal: Portal
    ask: Ask

    def use(self, row: Row) -> bool:
        """Adds the partner, unless it is there as the row says; raises ``Unusable``."""
        cell = row.values
        kind = _code(row, "type", PartnerType)
        tier = _code(row, "tier", Tier)
        model = _code(row, "business_model", BusinessModel) if cell["business_model"] else None
        strategy = _code(row, "strategy", SalesStrategy) if cell["strategy"] else None
        teams = tuple(filter(None, (name.strip() for name in cell["teams"].split(";"))))
        profile = Profile(model, strategy, cell["external_id"])
        holder = Holder(name_of_partner(cell["external_id"]))
        there = self.portal.store.read([holder])[holder]
        if there is not None:
            found = read_one(self.portal, Partner, there)
            said = (cell["name"], kind, cell["region"], model, strategy)
            if found is None or not _is(found, said, tier, teams):
                raise contradicted(cell["external_id"])
            return False
        add_partner(
            self.portal,
            ask_of(self.ask, row),
            name=cell["name"],
            partner_type=kind,
            tier=tier,
            region=cell["region"],
            team_names=teams,
            profile=profile,
        )
        return True


def _is(partner: Partner, said: tuple[object, ...], tier: Tier, teams: tuple[str, ...]) -> bool:
    """Whether the partner is what a row says, and ever had its tier; it may have more teams."""
    held = (
        partner.name,
        partner.type,
        partner.region,
        partner.business_model,
        partner.strategy,
    )
    names = {team.name.casefold() for team in partner.teams}
    return (
        said == held
        and tier in {one.tier for one in partner.tiers}
        and names >= {name.casefold() for name in teams}
    )


def _code(row: Row, column: str, kind: type[E]) -> E:
    """The code in a cell, in letters of any case; raises ``Unusable``."""
    text = row.values[column]
    try:
        return kind(text.upper())
    except ValueError:
        known = ", ".join(kind)
        reason = f"{quoted(text)} in {column} is none of {known}."
        raise Unusable(ProblemCode.WRONG_VALUE, reason) from None
