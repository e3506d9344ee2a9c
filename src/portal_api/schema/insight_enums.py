"""The enums of the insight as the schema shows them."""

from portal_api.domain.insights.breadth import BreadthVerdict, Flag
from portal_api.domain.insights.consistency import ConsistencyVerdict
from portal_api.domain.insights.deadweight import Baseline, DeadweightVerdict
from portal_api.domain.insights.durability import DurabilityVerdict
from portal_api.domain.insights.pace import PaceVerdict, TopChange
from portal_api.domain.insights.pipeline import ChangeVerdict
from portal_api.domain.insights.profile import GapVerdict
from portal_api.domain.insights.ranking import Cohort, Consistency
from portal_api.schema.describing import described

__all__ = [
    "Baseline",
    "BreadthVerdict",
    "ChangeVerdict",
    "Cohort",
    "Consistency",
    "ConsistencyVerdict",
    "DeadweightVerdict",
    "DurabilityVerdict",
    "Flag",
    "GapVerdict",
    "PaceVerdict",
    "TopChange",
]

_LITTLE = "There is too little of it to tell: wait, or look at what `basis` asks for."

described(
    Cohort,
    "Where a partner or a person stands by its sales.",
    TOP="Among those who sell most: what they do is the profile to copy.",
    LOW="Sells, and less than the top.",
    NON="Has sold nothing in these weeks, or more was returned.",
)
described(
    Consistency,
    "Whether it is at the top again and again, and not by one lucky deal.",
    named="TopConsistency",
    CONSISTENT="At the top in more periods than chance would put it there: learn from it.",
    NOT_CONSISTENT="At the top now and then, or never.",
    INSUFFICIENT_DATA=_LITTLE,
)
described(
    GapVerdict,
    "Whether the top does something that the others do not.",
    TOP_DOES_MORE="The top does it more, beyond chance: worth paying the others for.",
    TOP_DOES_LESS="The top does it less, beyond chance: it does not make a top performer.",
    NO_DIFFERENCE="No difference is seen that chance would not make.",
    INSUFFICIENT_DATA=_LITTLE,
)
described(
    PaceVerdict,
    "How often a partner does what the top does, now that the plan pays for it.",
    NECK_AND_NECK="About as often as the top: it has caught up, or never was behind.",
    BETTER="Clearly more often than the top.",
    BEHIND="Clearly less often than the top: ask what holds it up.",
    INSUFFICIENT_DATA=_LITTLE,
)
described(
    TopChange,
    "What the top performers themselves have done since the plan began.",
    ROSE="They do it more than before: others who do so, too, may only follow the market.",
    FELL="They do it less than before: catching up with them is easier than it looks.",
    UNCHANGED="They do it as before: what others have gained on them is their own.",
    INSUFFICIENT_DATA=_LITTLE,
)
described(
    DurabilityVerdict,
    "What became of a behavior once it was not paid for any more.",
    SUSTAINED="It rose while it was paid for, and has stayed: the incentive made a habit.",
    SPIKE="It rose while it was paid for, and fell back: it was rented, and not bought.",
    PARTIAL="It rose while it was paid for, and some of that has stayed.",
    NO_EFFECT="It did not rise while it was paid for: change the incentive, or end it.",
    INSUFFICIENT_DATA="It is still paid for, or there is too little of it, or there are too few"
    " weeks before, during or after, to tell.",
)
described(
    BreadthVerdict,
    "Whether a whole organization does it, or only its stars.",
    ORG_WIDE="Much of the staff does it: it is how the company works.",
    STAR_DEPENDENT="One or two people do most of it: it goes when they go.",
    BETWEEN="Neither of both, or these weeks cannot tell which.",
    INSUFFICIENT_DATA="Too few people, or too little of it, to tell.",
)
described(
    Flag,
    "What a channel manager should do about how a partner's staff is spread.",
    named="BreadthFlag",
    INVEST="A bronze or silver partner whose whole staff does it: invest, it can grow.",
    TALK_TO_LEADERSHIP="A partner of the top tiers that hangs on one or two people and falls back"
    " without the incentive: talk to its leadership.",
)
described(
    ConsistencyVerdict,
    "Whether an incentive works alike at all partners.",
    CONSISTENT="Results differ no more than chance makes them.",
    INCONSISTENT="Results differ by more than chance: look at the incentive itself, and not only at"
    " the partners; its rules, or who can reach them, may not suit all.",
    INSUFFICIENT_DATA="Too few partners with enough of it to tell.",
)
described(
    Baseline,
    "By what it is told what would have been done without the incentive. No one of them is the"
    " truth: trust what several agree on.",
    named="DeadweightBaseline",
    BEFORE="By what the same partners did before it began.",
    LAST_YEAR="By what they did in the same weeks of the year before: it knows the season.",
    MATCHED="By what partners of the same type did in the same weeks that take no part and did as"
    " much before.",
    DIFFERENCE_IN_DIFFERENCES="By what they did before it began, changed as it changed at eligible"
    " partners that take no part. Those chose that themselves, and may differ in more than this.",
)
described(
    DeadweightVerdict,
    "Whether an incentive pays for what would have been done anyway.",
    MOSTLY_DEADWEIGHT="Most of it would have been done anyway: the money could be diverted.",
    MOSTLY_EFFECT="Most of it would not have been done without the incentive: keep it.",
    UNCLEAR="These weeks cannot tell which.",
    INSUFFICIENT_DATA="Too little of it, too few partners or too few weeks to tell.",
)
described(
    ChangeVerdict,
    "What became of a number of the sales.",
    ROSE="It is larger than before, beyond chance.",
    FELL="It is smaller than before, beyond chance.",
    NO_CHANGE="It has not changed by more than chance would change it.",
    INSUFFICIENT_DATA="Too few sales, partners or weeks to tell.",
)
