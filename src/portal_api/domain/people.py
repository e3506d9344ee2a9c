"""What happens to people: they change their place at a partner, move, leave, and are erased.

Everything is in force from the instant at which it is decided: nothing is backdated. What was
earned stays with the person, whatever becomes of its employment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain.errors import AlreadyErased, ErasureNotPossible, NotEmployed
from portal_api.domain.holdings import Balance
from portal_api.domain.money import to_text
from portal_api.domain.partners import Employment, Individual, PersonStatus, Role

ERASED_NAME = "Erased person"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody works: a partner (none: the vendor), a team of it, and as what."""

    partner_id: str | None
    team_id: str | None
    role: Role


def standing(person: Individual, at: datetime) -> Employment | None:
    """The employment that is in force, or agreed on for later; a leaver has none."""
    last = person.employments[-1]
    ends = last.valid_to
    return last if ends is None or (at < ends and last.valid_from < ends) else None


def check_kept(person: Individual) -> None:
    """Raises ``AlreadyErased``."""
    if person.status is PersonStatus.ERASED:
        raise AlreadyErased("The data of this person were erased.")


def not_employed(person: Individual, at: datetime) -> NotEmployed:
    """The refusal for somebody who has left, or never came."""
    ended = min(at, max(one.valid_to or at for one in person.employments))
    return NotEmployed("This person has left before.", ended.isoformat())


def left(person: Individual, at: datetime) -> Individual:
    """The person without an employment from now on; raises ``NotEmployed``."""
    if standing(person, at) is None:
        raise not_employed(person, at)
    return replace(person, employments=_ended(person, at))


def placed(person: Individual, place: Place, at: datetime) -> Individual:
    """The person in that place from now on, its employment before ended.

    Its external id is that of the employer: it has none at a new one, and its own again where it
    comes back.
    """
    employments = _ended(person, at)
    known = [one.external_id for one in employments if one.partner_id == place.partner_id]
    added = Employment(place.partner_id, place.role, at, place.team_id)
    external_id = known[-1] if known else None
    return replace(person, employments=(*employments, added), external_id=external_id)


def erased(person: Individual, balances: Mapping[str, Balance], at: datetime) -> Individual:
    """The person without names, address and external ids; ``balances`` are those of its wallet.

    What it earned and where it worked stay, under its id. Raises ``AlreadyErased`` and, while it
    works somewhere or its wallet holds something, ``ErasureNotPossible``.
    """
    check_kept(person)
    reasons = [
        f"{to_text(amount, asset)} {asset} is {state} in its wallet."
        for asset, balance in sorted(balances.items())
        for state, amount in (
            ("pending", balance.pending),
            ("available", balance.available),
            ("held for a payout", balance.held),
        )
        if amount
    ]
    if standing(person, at) is not None:
        reasons.insert(0, "It still works somewhere: end the employment first.")
    if reasons:
        raise ErasureNotPossible("This person cannot be erased now.", tuple(reasons))
    return replace(
        person,
        name=ERASED_NAME,
        email="",
        external_id=None,
        employments=tuple(replace(one, external_id=None, name=None) for one in person.employments),
        status=PersonStatus.ERASED,
    )


def external_ids(person: Individual) -> tuple[tuple[str | None, str], ...]:
    """By which external ids a person is found, each with its employer (none: the vendor)."""
    held = [(one.partner_id, one.external_id) for one in person.employments]
    held.append((person.employments[-1].partner_id, person.external_id))
    return tuple(dict.fromkeys((where, name) for where, name in held if name is not None))


def _ended(person: Individual, at: datetime) -> tuple[Employment, ...]:
    """The employments, none of which goes on; one that was to begin later never did."""
    *before, last = person.employments
    if standing(person, at) is None:
        return person.employments
    ended = max(at, last.valid_from)
    return (
        *before,
        replace(last, valid_to=ended, external_id=person.external_id, name=person.name),
    )
