"""The enums of sales processes and of eligibility as the schema shows them."""

from portal_api.domain.eligibility import NextStep, Obstacle
from portal_api.domain.sales_process import Direction, GapCode, JourneyStage
from portal_api.schema.describing import described

__all__ = ["Direction", "GapCode", "JourneyStage", "NextStep", "Obstacle"]

described(
    JourneyStage,
    "Where the customer stands in its buyer's journey, in order.",
    UNAWARE="Does not know yet that it has a problem.",
    PROBLEM_AWARE="Knows the problem, and no way out of it.",
    SOLUTION_SEEKING="Looks for ways to solve it.",
    EVALUATION="Compares solutions and sellers.",
    DECISION="Decides, negotiates and signs.",
    ONBOARDING="Has bought, and begins to use it.",
    RENEWAL="Uses it, and buys again or more.",
)
described(
    Direction,
    "From which end a sales process is read.",
    FORWARDS="From demand to close, as it is walked.",
    BACKWARDS="From the close, as gaps are looked for: what has to come before this?",
)
described(
    GapCode,
    "What can be amiss with a sales process.",
    NO_JOURNEY_STAGE="A step is aligned with no stage of the buyer's journey.",
    JOURNEY_GOES_BACK="In a step the customer is less far than in a step before it.",
    NO_INCENTIVE="No rule in force pays for anything that is done in a step.",
    INCENTIVE_POINT_NOT_PAID="Something of a step is paid, and not what is meant to be.",
    STAGE_NOT_COVERED="No step is in a stage that lies between demand and close.",
    REGISTRATION_NOT_PAID="A program that is open does not pay for registering deals.",
)
described(
    Obstacle,
    "What lies between somebody and earning in a program, in the order in which it is told.",
    OUT_OF_WINDOW="The program or its first plan has not begun, or the program is over.",
    TYPE="It is for partners of other types.",
    REGION="It is for partners of other regions.",
    BUSINESS_MODEL="It is for partners of other business models.",
    STRATEGY="It is for partners of other sales strategies.",
    TIER="It is for partners of other tiers, which are told with it.",
    ROLE="It is for people of other roles, which are told with it.",
    NO_RULE="No rule of its plan pays this partner or person, though the program is for them.",
    NO_PARTICIPATION="All that it pays is a rebate to the company, which needs that the company"
    " takes part as a whole in another program: participationIn.",
    NO_CONSENT="No consent of the partner's executive is in force for it.",
    NOT_ENROLLED="The person has not accepted the program's terms that are in force.",
)
described(
    NextStep,
    "What to do next to earn in a program: first what can be done at once.",
    EARNING="Nothing is left to do: what is done now earns.",
    ENROLL="Accept the terms: enroll.",
    ACCEPT_NEW_TERMS="The terms have changed since they were accepted: enroll again.",
    ASK_FOR_CONSENT="Ask the executive for consent: requestConsent.",
    WAIT_FOR_EXECUTIVE="The executive has been asked, or decides for the whole company, here or in"
    " participationIn: wait.",
    ANSWER_REQUEST="Somebody waits for the executive's consent: grant or decline it.",
    GRANT_CONSENT="No consent is in force and nobody asks for one: the executive may grant it.",
    TAKE_PART="The executive may grant the company's consent in the program participationIn:"
    " grantConsent for the whole company.",
    WAIT_FOR_START="All is done, and the program or its first plan begins later: wait.",
    NOTHING="It is not for this partner or person as things are: nothing can be done.",
)
