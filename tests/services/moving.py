"""People who change their place, as the tests tell it."""

from portal_api.domain.partners import Individual, Role
from portal_api.services import people
from portal_api.services.partners import former_of, members_of
from portal_api.services.store import Listed
from portal_api.services.use_case import Portal
from tests.services.world import Company, World


def leave(
    world: World,
    company: Company,
    person: str | None = None,
    *,
    by: str | None = None,
    portal: Portal | None = None,
) -> Individual:
    """The person's employment ends now; the first rep's where nobody is named."""
    return people.end_employment(
        portal or world.portal,
        world.ask(by or world.admin),
        at=company.id,
        individual_id=person or company.rep,
    ).individual


def place(
    world: World,
    company: Company,
    person: str | None = None,
    *,
    to: Company | None = None,
    role: Role | None = None,
    team: str | None = None,
    other_team: bool = False,
    by: str | None = None,
) -> Individual:
    """The person gets another place: another team or role, or one at another company."""
    return people.change_employment(
        world.portal,
        world.ask(by or world.admin),
        at=company.id,
        individual_id=person or company.rep,
        wish=people.Wish(to.id if to else None, role, team, other_team or team is not None),
    ).individual


def listed(world: World, company: Company) -> tuple[set[str], set[str]]:
    """Who is a member of a company, and who was."""
    lists = [Listed(members_of(company.id)), Listed(former_of(company.id))]
    found = world.store.read(lists)
    members, former = (set(found[one].ids) for one in lists)
    return members, former


def enrolled(world: World, company: Company, program: str) -> set[str]:
    """Who is enrolled in a program at a company."""
    want = Listed(f"{company.id}.{program}.enrolled")
    return set(world.store.read([want])[want].ids)
