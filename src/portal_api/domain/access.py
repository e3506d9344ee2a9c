"""Who is asking, and what they are to a record.

The one vocabulary in which every permission is declared.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal_api.domain.partners import (
    VENDOR_ROLES,
    Employment,
    Individual,
    PersonStatus,
    Role,
)


class Audience(StrEnum):
    """What a viewer can be to a record; a field names the audiences that may read it."""

    ANYONE = "ANYONE"
    """Any active person with a valid token."""
    VENDOR = "VENDOR"
    """The vendor's channel managers, administrators and integrations."""
    EXECUTIVE = "EXECUTIVE"
    """An executive of the partner that the record belongs to."""
    COLLEAGUE = "COLLEAGUE"
    """Anybody employed by the partner that the record belongs to."""
    OWNER = "OWNER"
    """The person that the record is about."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking: a person of the store with the employment in force now."""

    person: Individual
    employment: Employment

    @property
    def id(self) -> str:
        """The person's id."""
        return self.person.id

    @property
    def role(self) -> Role:
        """The role of the present employment."""
        return self.employment.role

    @property
    def partner_id(self) -> str | None:
        """The partner the viewer works for; none for the vendor's people."""
        return self.employment.partner_id

    def audiences(self, partner_id: str | None, individual_id: str | None) -> frozenset[Audience]:
        """What this viewer is to a record of that partner and person."""
        found = {Audience.ANYONE}
        if self.role in VENDOR_ROLES:
            found.add(Audience.VENDOR)
        if partner_id is not None and partner_id == self.partner_id:
            found.add(Audience.COLLEAGUE)
            if self.role is Role.PARTNER_EXECUTIVE:
                found.add(Audience.EXECUTIVE)
        if individual_id == self.id and partner_id in (None, self.partner_id):
            found.add(Audience.OWNER)
        return frozenset(found)


def viewer_of(person: Individual | None, now: datetime) -> Viewer | None:
    """The viewer that a person is now; none for strangers, leavers and the suspended."""
    if person is None or person.status is not PersonStatus.ACTIVE:
        return None
    employment = person.employment_at(now)
    return None if employment is None else Viewer(person, employment)
