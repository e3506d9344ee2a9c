"""What rewarding one person in one program reads: all of it known from ids, so one wave."""

from dataclasses import dataclass

from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.errors import NotFound
from portal_api.domain.goals import GoalSheet, Progress
from portal_api.domain.ledger import Wallet
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program, ProgramShard, shard_of
from portal_api.services.store import Many, One, Want, of_partner_in, of_program


@dataclass(frozen=True, slots=True)
class Loads:
    """The reads that rewarding one person in one program needs: all known from ids, so one wave."""

    partner_id: str
    individual_id: str
    program_id: str

    @property
    def prefix(self) -> str:
        """What the ids of the person's deals and activities in the program begin with."""
        return f"{self.partner_id}.{self.individual_id}.{self.program_id}"

    @property
    def partner(self) -> One[Partner]:
        """The partner."""
        return One(Partner, self.partner_id)

    @property
    def individual(self) -> One[Individual]:
        """The person."""
        return One(Individual, self.individual_id)

    @property
    def program(self) -> One[Program]:
        """The program's head."""
        return One(Program, self.program_id)

    @property
    def plans(self) -> Many[PlanVersion]:
        """Every version of its plan."""
        return Many(PlanVersion, of_program(self.program_id))

    @property
    def consents(self) -> One[ConsentFile]:
        """What the partner's executives granted for the program."""
        return One(ConsentFile, f"{self.partner_id}.{self.program_id}")

    @property
    def sheet(self) -> One[GoalSheet]:
        """The partner's targets in the program."""
        return One(GoalSheet, f"{self.partner_id}.{self.program_id}")

    @property
    def enrollment(self) -> One[Enrollment]:
        """The person's enrollment."""
        return One(Enrollment, f"{self.partner_id}.{self.individual_id}.{self.program_id}")

    @property
    def own_progress(self) -> One[Progress]:
        """The person's counters."""
        return One(Progress, f"{self.partner_id}.{self.program_id}.individual.{self.individual_id}")

    @property
    def shared_progress(self) -> Many[Progress]:
        """The counters of the partner and its teams."""
        return Many(Progress, of_partner_in(self.partner_id, self.program_id))

    @property
    def parties(self) -> tuple[str, str]:
        """Whoever can be paid: the person and the partner."""
        return self.individual_id, self.partner_id

    def wallet(self, party_id: str) -> One[Wallet]:
        """A party's wallet."""
        return One(Wallet, party_id)

    def shard(self, party_id: str) -> One[ProgramShard]:
        """The budget shard that a party's awards are drawn from."""
        return One(ProgramShard, shard_of(self.program_id, party_id))

    def person_wants(self) -> tuple[Want[object], ...]:
        """What is the person's own."""
        person = self.individual_id
        return (
            self.individual,
            self.enrollment,
            self.own_progress,
            self.wallet(person),
            self.shard(person),
        )

    def wants(self) -> tuple[Want[object], ...]:
        """All of them."""
        parts: tuple[Want[object], ...] = (
            self.partner,
            self.program,
            self.plans,
            self.consents,
            self.sheet,
            self.shared_progress,
            self.wallet(self.partner_id),
            self.shard(self.partner_id),
        )
        return *parts, *self.person_wants()


def loads_of(record_id: str, field: str) -> Loads:
    """What the id of a deal, an activity or a claim leads to; raises ``NotFound`` for no such id.

    ``field`` is the argument that names it.
    """
    parts = record_id.split(".")
    if len(parts) != 4:
        raise NotFound.of(field)
    return Loads(*parts[:3])
