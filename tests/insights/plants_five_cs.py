"""Known answers of the five C's: numbers in words, of markets in which they are beyond chance."""

from collections.abc import Callable

from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.insights.five_cs import Scorecard, scorecards
from portal_api.domain.insights.market import Market
from tests.insights.planted import Plant, Rate, Sketch, steady

ENABLEMENT, CLOSING = ProcessStage.ENABLEMENT, ProcessStage.CLOSING
TRAINING = BehaviorType("TRAINING", "Training", ENABLEMENT, FiveC.CAPACITY, level=1)
EXPERT = BehaviorType("EXPERT", "Expert training", ENABLEMENT, FiveC.CAPACITY, level=3)
RENEWAL = BehaviorType("RENEWAL", "Renewal", CLOSING, FiveC.CONSUMPTION)


def of_people(count: int, per_week: float) -> Rate:
    """Done by the first people of each partner, and by nobody else."""
    return lambda _company, person, _week: per_week if person < count else 0.0


def since(week: int, per_week: float) -> Rate:
    """Done by everybody from a week on."""
    return lambda _company, _person, at: per_week if at >= week else 0.0


def said(words: Callable[[Scorecard], str]) -> Callable[[Market], str]:
    """What all scorecards say in words, where they agree."""

    def word(market: Market) -> str:
        return " / ".join(dict.fromkeys(words(one) for one in scorecards(market).companies))

    return word


PLANTS = (
    Plant(
        "five_cs",
        "half of the staff does anything",
        Sketch({"DEMO": of_people(3, 0.5)}),
        said(lambda one: f"{one.active} of {one.staff} active"),
        "3 of 6 active",
    ),
    Plant(
        "five_cs",
        "depth of training is the level, not the count",
        Sketch(
            {"TRAINING": of_people(6, 2.0), "EXPERT": of_people(2, 0.5)},
            behaviors=(TRAINING, EXPERT),
        ),
        said(lambda one: f"{one.certified} certified, level {one.training_level_milli}"),
        "6 certified, level 1667",
    ),
    Plant(
        "five_cs",
        "nothing was done before the second half",
        Sketch({"DEMO": since(26, 3.0)}),
        said(lambda one: f"{one.active_weeks} of {one.weeks} weeks"),
        "26 of 26 weeks",
    ),
    Plant(
        "five_cs",
        "a renewal is consumption, and a demo is not",
        Sketch({"RENEWAL": steady(0.0), "DEMO": steady(1.0)}, behaviors=(RENEWAL,)),
        said(lambda one: f"{one.consumed_per_won_milli} for each deal won"),
        "0 for each deal won",
    ),
    Plant(
        "five_cs",
        "trainings of no level, and no customer's: nobody is certified, nothing consumed",
        Sketch({"WEBINAR": steady(1.0)}, companies=4, people=2, behaviors=(TRAINING, RENEWAL)),
        said(lambda one: f"{one.certified} certified, {one.consumed} consumed"),
        "0 certified, 0 consumed",
        noise=True,
    ),
)
