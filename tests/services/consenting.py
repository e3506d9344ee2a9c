"""What the tests of consents do and look at: grants of any terms, answers, files and events."""

from collections.abc import Sequence
from dataclasses import replace

from portal_api.domain.consent import ConsentFile, ConsentRequest
from portal_api.domain.goals import Progress
from portal_api.domain.granting import Terms
from portal_api.domain.partners import ParticipationPolicy, Partner, PartnerType, Role, Team
from portal_api.domain.writes import Save
from portal_api.services import consent, enrollment, people, programs
from portal_api.services.store import Listed
from portal_api.services.use_case import Portal
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from tests.services.replaying import events
from tests.services.world import Company, World


def granted(
    world: World,
    company: Company,
    program: str,
    terms: Terms | None = None,
    portal: Portal | None = None,
) -> str:
    """The executive's consent of these terms; its id."""
    done = consent.grant_consent(
        portal or world.portal,
        world.ask(company.executive),
        partner_id=company.id,
        program_id=program,
        terms=terms or Terms(),
    )
    return f"{done.file.id}.{done.number}"


def file_of(world: World, company: Company, program: str) -> ConsentFile:
    found = world.load(ConsentFile, f"{company.id}.{program}")
    assert found is not None
    return found


def request_of(world: World, asked: str) -> ConsentRequest:
    """A request by its id."""
    file_id, _, number = asked.rpartition(".")
    found = world.load(ConsentFile, file_id)
    assert found is not None
    return found.request(int(number))


def declined(world: World, company: Company, asked: str, reason: str = "Not now.") -> None:
    consent.decline_consent_request(
        world.portal, world.ask(company.executive), consent_request_id=asked, reason=reason
    )


def withdrawn(world: World, who: str, asked: str) -> None:
    consent.withdraw_consent_request(world.portal, world.ask(who), consent_request_id=asked)


def revoked(world: World, company: Company, consent_id: str, portal: Portal | None = None) -> None:
    consent.revoke_consent(
        portal or world.portal, world.ask(company.executive), consent_id=consent_id
    )


def renewed(world: World, company: Company, consent_id: str) -> str:
    done = consent.renew_consent(world.portal, world.ask(company.executive), consent_id=consent_id)
    return f"{done.file.id}.{done.number}"


def set_policy(world: World, kind: PartnerType, policy: ParticipationPolicy) -> None:
    consent.set_participation_policy(world.portal, world.manage(), partner_type=kind, policy=policy)


def new_terms(world: World, program: str, terms: str = "Be fairer.") -> int:
    """The next version of a program's terms; its number."""
    return programs.update_terms(
        world.portal, world.manage(), program_id=program, terms=terms, discloses_amounts=False
    ).program.terms_version


def accepted(world: World, company: Company, program: str, version: int, *reps: str) -> None:
    """The terms, by the reps named, or all."""
    for rep in reps or company.reps:
        enrollment.enroll(
            world.portal,
            world.ask(rep),
            partner_id=company.id,
            program_id=program,
            terms_version=version,
        )


def left(world: World, company: Company, program: str, rep: str) -> None:
    """The rep leaves the program."""
    enrollment.end_enrollment(
        world.portal, world.ask(rep), partner_id=company.id, program_id=program
    )


def two_teams(world: World, company: Company) -> tuple[str, str]:
    """The company with a second team; the ids of both."""
    partner = world.load(Partner, company.id)
    assert partner is not None
    other = Team(f"team-{world.new_id()}", "South")
    world.store.commit([Save(replace(partner, teams=(*partner.teams, other)))])
    return partner.teams[0].id, other.id


def placed(world: World, company: Company, rep: str, team: str, role: Role | None = None) -> None:
    """The rep in a team of its company, from now on."""
    people.change_employment(
        world.portal,
        world.manage(),
        at=company.id,
        individual_id=rep,
        wish=people.Wish(team_id=team, other_team=True, role=role),
    )


def told(world: World, company: Company, *kinds: str) -> list[str]:
    """The kinds of the company's events among these, oldest first."""
    return [kind for kind, *_ in events(world, company.id) if kind in kinds]


def listed(world: World, name: str, company: Company) -> list[str]:
    """The entries of a list that are about a company: other worlds share its table."""
    want = Listed(name)
    return [one for one in world.store.read([want])[want].ids if one.startswith(company.id)]


def forgone(world: World, company: Company, program: str, asset: str = "USD") -> list[int]:
    """What the company's people still go without, how many of the reps, and each of them."""
    whole, *each = _counted(world, company, program, asset)
    left = [one.count(f"forgone:{asset}") - one.count(f"paidafter:{asset}") for one in each]
    of_all = whole.count(f"forgone:{asset}") - whole.count(f"paidafter:{asset}")
    return [of_all, sum(amount > 0 for amount in left), *left]


def ever_forgone(world: World, company: Company, program: str, asset: str = "USD") -> list[int]:
    """The same with what was paid afterwards: as an executive is told it, and of how many."""
    whole, *each = _counted(world, company, program, asset)
    name, people = f"forgone:{asset}", f"forgoers:{asset}"
    return [whole.count(name), whole.count(people), *(one.count(name) for one in each)]


def _counted(world: World, company: Company, program: str, asset: str) -> list[Progress]:
    """The counters of the company, and of each rep."""
    prefix = f"{company.id}.{program}"
    ids = [f"{prefix}.partner", *(f"{prefix}.individual.{rep}" for rep in company.reps)]
    return [world.load(Progress, one) or Progress(one) for one in ids]


def findings(world: World) -> list[str]:
    """What a verification of the whole table finds."""
    return [str(step) for step in verify(world.store, replay=True) if isinstance(step, Finding)]


def available(world: World, people_of: Sequence[str], asset: str = "USD") -> list[int]:
    return [world.balance(person, asset).available for person in people_of]
