"""Finding partners and people: by the beginning of a word of the name, and by what they are."""

import re
from dataclasses import dataclass
from datetime import datetime

from portal_api.domain.partners import (
    EVERYONE,
    Individual,
    Partner,
    PersonStatus,
    Role,
    Segment,
)

_WORD = re.compile(r"\w+")


def is_named(search: str, name: str) -> bool:
    """Whether each word that is looked for begins a word of the name, whatever the case.

    Everybody, where nothing is looked for; nobody by signs that are in no word.
    """
    words = _WORD.findall(name.casefold())
    wished = _WORD.findall(search.casefold())
    if not wished:
        return not search.strip()
    return all(any(word.startswith(one) for word in words) for one in wished)


@dataclass(frozen=True, slots=True)
class PartnerFilter:
    """Which partners are looked for; what is empty lets every one through."""

    search: str = ""
    segment: Segment = EVERYONE

    def admits(self, partner: Partner, now: datetime) -> bool:
        """Whether the partner, as it is now, is one of them."""
        return is_named(self.search, partner.name) and self.segment.admits_partner(partner, now)


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which of a partner's people are looked for; what is empty lets every one through."""

    search: str = ""
    roles: tuple[Role, ...] = ()
    team_id: str | None = None
    status: PersonStatus | None = None

    def admits(self, person: Individual, partner_id: str, now: datetime) -> bool:
        """Whether the person works at the partner now, and is one of them."""
        employment = person.employment_at(now)
        return (
            employment is not None
            and employment.partner_id == partner_id
            and is_named(self.search, person.name)
            and (not self.roles or employment.role in self.roles)
            and self.team_id in (None, employment.team_id)
            and self.status in (None, person.status)
        )
