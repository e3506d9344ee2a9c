"""A consent's cap counts on when it is renewed, and another consent has its own."""

from portal_api.domain.activities import Activity, WithheldReason
from portal_api.domain.consent import Cap
from portal_api.domain.goals import Progress
from portal_api.domain.granting import Terms
from portal_api.services import consent
from portal_api.services.reversals import reverse_earning
from tests.services.consenting import available, findings, granted, renewed
from tests.services.past import earnings
from tests.services.steps import TRAINING, define
from tests.services.world import DAY, Company, World, awarded, outcomes_of, withheld

FULL = [withheld(50, WithheldReason.CAP_REACHED)]
PAID = [awarded(50)]


class Trained:
    """A rep who trains under consents with caps."""

    def __init__(self, world: World) -> None:
        define(world)
        self.world, self.company = world, world.company()
        self.program = world.program(TRAINING, budget={"POINTS": 10**6})
        world.enroll(self.company, self.program)
        self._number = 0

    def grant(self, cap: int | None, days: int | None = None) -> str:
        caps = (Cap("POINTS", cap),) if cap is not None else ()
        ends = self.world.now + days * DAY if days is not None else None
        given = granted(self.world, self.company, self.program, Terms(caps=caps, valid_to=ends))
        self.world.wait()
        return given

    def train(self) -> Activity:
        self._number += 1
        return self.world.record(self.company, self.program, "TRAINING", f"{self._number}").activity

    def counters(self) -> dict[str, int]:
        """What is counted under each consent."""
        own = f"{self.company.id}.{self.program}.individual.{self.company.rep}"
        progress = self.world.load(Progress, own) or Progress(own)
        return {
            name: amount for name, amount in progress.counters.items() if name.startswith("under:")
        }


def renew(world: World, company: Company, consent_id: str, days: int) -> str:
    done = consent.renew_consent(
        world.portal,
        world.ask(company.executive),
        consent_id=consent_id,
        valid_to=world.now + days * DAY,
    )
    return f"{done.file.id}.{done.number}"


def test_a_renewal_counts_on_under_the_cap_of_what_it_renews(quick_world: World) -> None:
    """However often it is renewed: the cap is what the person may earn by the permission."""
    world = quick_world
    rep = Trained(world)
    first = rep.grant(100, days=5)
    second = renew(world, rep.company, first, 10)
    begun = rep.train()
    world.wait(5)
    third = renewed(world, rep.company, second)
    on_second = rep.train()
    full = rep.train()
    world.wait(10)
    on_third = rep.train()
    assert [PAID, PAID, FULL, FULL] == [
        outcomes_of(one) for one in (begun, on_second, full, on_third)
    ]
    assert {"under:1:POINTS": 100} == rep.counters()
    assert third.endswith(".3")
    assert [] == findings(world)


def test_what_is_taken_back_of_a_renewal_frees_the_cap_that_it_has_used(
    quick_world: World,
) -> None:
    world = quick_world
    rep = Trained(world)
    renewal = renew(world, rep.company, rep.grant(50, days=2), 20)
    world.wait(2)
    rep.train()
    full = rep.train()
    (earned,) = earnings(world, rep.company.rep)
    assert renewal == earned.trace.consent_id
    reverse_earning(
        world.portal, world.manage(), earning_id=earned.id, amount_minor=None, reason="Not held."
    )
    freed = rep.counters()
    again = rep.train()
    assert (FULL, PAID) == (outcomes_of(full), outcomes_of(again))
    assert ({"under:1:POINTS": 0}, {"under:1:POINTS": 50}) == (freed, rep.counters())


def test_of_several_consents_the_first_with_room_pays(quick_world: World) -> None:
    """Each earning names the consent that allowed it; one without a cap is never full."""
    world = quick_world
    rep = Trained(world)
    first, second = rep.grant(50), rep.grant(100)
    paid = [outcomes_of(rep.train()) for _ in range(4)]
    unlimited = rep.grant(None)
    last = rep.train()
    assert [PAID, PAID, PAID, FULL, PAID] == [*paid, outcomes_of(last)]
    named = [one.trace.consent_id for one in earnings(world, rep.company.rep)]
    assert sorted([first, second, second, unlimited]) == sorted(map(str, named))
    assert {"under:1:POINTS": 50, "under:2:POINTS": 100} == rep.counters()
    assert [200] == available(world, rep.company.reps, "POINTS")
    assert [] == findings(world)
