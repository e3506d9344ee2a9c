"""The enums of obstacles as the schema shows them."""

from portal_api.domain.insights.obstacles import Advice, TrendVerdict
from portal_api.domain.obstacles import ObstacleKind, ObstacleStatus
from portal_api.schema.describing import described

__all__ = ["Advice", "ObstacleKind", "ObstacleStatus", "TrendVerdict"]

described(
    ObstacleKind,
    "Why somebody does not do what a program wants.",
    FRICTION="Something is in the way: a form, a wait, a tool, a rule. It can be fixed, and paying"
    " for the behavior does not fix it.",
    MOTIVATION="They could, and it is not worth it to them.",
)
described(
    ObstacleStatus,
    "Where the report of an obstacle stands.",
    OPEN="It is still in the way, as far as anybody knows.",
    CLOSED="The vendor has dealt with it, and has told who reported it.",
)
described(
    TrendVerdict,
    "What became of a behavior after an intervention. It is a trend: something else may have"
    " changed in the same weeks.",
    IMPROVED="It is done more often than before, beyond chance.",
    NO_CHANGE="It is done as often as before, as far as these weeks can tell.",
    WORSE="It is done less often than before, beyond chance.",
    TOO_EARLY="Too few weeks have passed since: wait.",
    INSUFFICIENT_DATA="It is done too rarely, or there are too few weeks before it, to tell.",
)
described(
    Advice,
    "What to do about a behavior next: fix first, watch, then incent.",
    named="ObstacleAdvice",
    FIX_FIRST="Something is in the way, and nothing was done since it was reported, or in vain."
    " Fix it before you pay for the behavior.",
    WATCH="Something was done lately: wait until a whole window has passed.",
    INCENT="Nothing is in the way any more, and still it is not done, or not worth it to them: pay"
    " for it, or pay more.",
    SOLVED="Something was done, and it helped. Close the reports that still stand open.",
    INSUFFICIENT_DATA="Something was done, and these weeks cannot tell whether it helped: ask.",
    NOTHING_REPORTED="Nobody reports that anything is in the way, and nothing was done.",
)
