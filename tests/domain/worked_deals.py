"""Published calculations by the deal: splits, stages, caps, bonuses, fixed amounts, points."""

from portal_api.domain.activities import DEAL_WON
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.plans import Limit, Period, PointValue
from tests.domain.facts import a_rule
from tests.domain.worked import OURS, PROWI, Example, lost, one, proved, registered, sale, won

PRICEFX = (
    "https://pricefx.atlassian.net/wiki/spaces/ACC/pages/5933793826"
    "/Rebate+Types+Reference+Rebate+Management"
)
XTUPLE = "https://manuals.xtuple.com/prodguide/enhanced-commissions/ch03s04s04.html"
TAPFILIATE = (
    "https://support.tapfiliate.com/en/articles"
    "/3092081-capping-the-number-of-lifetime-recurring-commissions"
)

POC = Overlay("PROOF_OF_CONCEPT", 100_00, 90)

SPLITS = (
    Example(
        "split: two territories, 60 : 40",
        "Split commission",
        "https://prowi.io/en/glossary/split-commission",
        one(PercentOfDeal(1_000)),
        (sale(100_000_00, ann=60, bob=40),),
        {"ann": (6_000_00,), "bob": (4_000_00,)},
    ),
    Example(
        "split: a handover after three of five stages",
        "Split commission",
        "https://prowi.io/en/glossary/split-commission",
        one(PercentOfDeal(1_000)),
        (sale(80_000_00, ann=3, bob=2),),
        {"ann": (4_800_00,), "bob": (3_200_00,)},
    ),
    Example(
        "split: equal halves of odd cents",
        "xTuple product guide: split commissions",
        XTUPLE,
        one(PercentOfDeal(200)),
        (sale(88_20, ann=50, bob=50),),
        {"ann": (88,), "bob": (88,)},
    ),
    Example(
        "split: 30 % in halves",
        "RPM manual: Split",
        "https://support.rpmsoftware.com/support/solutions/articles/5000548464-split",
        one(PercentOfDeal(3_000)),
        (sale(100_00, ann=1, bob=1),),
        {"ann": (15_00,), "bob": (15_00,)},
    ),
    Example(
        "override: the company has 3 % on top of its people's 10 %",
        "Override Commission",
        f"{PROWI}/override-commission",
        (
            a_rule(PercentOfDeal(1_000), code="rep"),
            a_rule(PercentOfDeal(300), Level.PARTNER, code="override"),
        ),
        tuple(
            sale(amount, owner)
            for owner, amount in zip(
                "abcde",
                (75_000_00, 60_000_00, 67_500_00, 52_500_00, 45_000_00),
                strict=True,
            )
        ),
        {
            "a": (7_500_00,),
            "b": (6_000_00,),
            "c": (6_750_00,),
            "d": (5_250_00,),
            "e": (4_500_00,),
            "p": (2_250_00, 1_800_00, 2_025_00, 1_575_00, 1_350_00),
        },
    ),
)
STAGES = (
    Example(
        "stages: half at the start, half with the sale",
        "Commission on two invoices",
        "http://www.vbaexpress.com/forum/showthread.php?p=205066&viewfull=1",
        one(MilestoneSplit(1_000, 1, 1)),
        (registered(1_000_00), won(1_000_00)),
        {"ann": (50_00, 50_00)},
    ),
    Example(
        "stages: the last step settles a lower amount",
        OURS,
        "",
        one(MilestoneSplit(300, 1, 5)),
        (registered(30_000_00), won(24_000_00)),
        {"ann": (150_00, 570_00)},
    ),
    Example(
        "stages: too much was paid on the registration",
        OURS,
        "",
        one(MilestoneSplit(300, 1, 5)),
        (registered(30_000_00), won(3_000_00)),
        {"ann": (150_00, -60_00)},
    ),
    Example(
        "uplift: what was registered before pays 3 instead of 2 %",
        OURS,
        "",
        one(Uplift(("DEAL_REGISTERED",), 200, 300)),
        (registered(30_000_00), won(30_000_00), sale(30_000_00)),
        {"ann": (900_00, 600_00)},
    ),
    Example(
        "overlay: pending, and cancelled with a loss",
        OURS,
        "",
        one(POC),
        (registered(30_000_00), proved, lost),
        {"ann": (100_00, -100_00)},
    ),
    Example(
        "overlay: won on day 91, and cancelled",
        OURS,
        "",
        one(POC),
        (registered(30_000_00), proved, won(30_000_00, after_days=91)),
        {"ann": (100_00, -100_00)},
    ),
)
CAPS = (
    Example(
        "cap: 20 % of an order, at most 500",
        "Commission caps and guardrails: keeping payouts predictable",
        "https://autocloz.com/afflio/blog/commission-caps-and-guardrails",
        one(PercentOfDeal(2_000, 500_00)),
        (sale(5_000_00),),
        {"ann": (500_00,)},
    ),
    Example(
        "cap: three conversions are paid, the fourth is not",
        "Capping the number of lifetime/recurring commissions",
        TAPFILIATE,
        one(Flat(DEAL_WON, 10_00), Level.INDIVIDUAL, Limit(Period.PROGRAM, count=3)),
        (sale(100_00),) * 4,
        {"ann": (10_00,) * 3},
    ),
    Example(
        "cap: 100 for each transaction up to 1,000",
        "Introducing caps on fees",
        "https://blogs.brokersumo.com/2017/06/30/introducing-caps-fees/",
        one(Flat(DEAL_WON, 100_00), Level.INDIVIDUAL, Limit(Period.PROGRAM, None, 1_000_00)),
        (sale(5_000_00),) * 12,
        {"ann": (100_00,) * 10},
    ),
    Example(
        "cap: 180 of 200 leave room for 15",
        "Cap Commission Per Referred Customer",
        "https://affonso.io/help/commission-payouts/commission/cap-commission-per-referred-customer",
        one(PercentOfDeal(1_000), Level.INDIVIDUAL, Limit(Period.PROGRAM, None, 200_00)),
        (sale(1_800_00), sale(150_00)),
        {"ann": (180_00, 15_00)},
    ),
)
BONUSES = (
    Example(
        "goal bonus: 125 % has the bonus of 100 and of 120 %",
        "Performance Bonus",
        f"{PROWI}/performance-bonus",
        one(GoalBonus("Q", 10_000_00, 10_000_00)),
        (sale(750_000_00),),
        {"ann": (10_000_00, 10_000_00)},
        target=(600_000_00, 720_000_00),
    ),
    Example(
        "goal bonus: above the target",
        "Pricefx manual: Rebate Types Reference",
        PRICEFX,
        one(GoalBonus("Q", 1_000_00), Level.PARTNER),
        (sale(110_000_00),),
        {"p": (1_000_00,)},
        target=(100_000_00, 100_000_00),
    ),
    Example(
        "goal bonus: below the target",
        "Pricefx manual: Rebate Types Reference",
        PRICEFX,
        one(GoalBonus("Q", 1_000_00), Level.PARTNER),
        (sale(90_000_00),),
        {"p": ()},
        target=(100_000_00, 100_000_00),
    ),
)
OTHERS = (
    Example(
        "points: five for each unit of money that is spent",
        "Working out what each point is worth",
        "http://help.loyaltylion.com/article/50-working-out-what-each-point-is-worth",
        (a_rule(PercentOfDeal(500), asset="POINTS"),),
        (sale(100_00),),
        {"ann": (500,)},
        points=PointValue(500, 5_00),
    ),
    Example(
        "flat: twelve deals of a new product",
        "SPIFFs and Bonus Structures",
        "https://ryanconsulting.ai/courses/fa-commission-modeling/spiff-and-bonus-structures",
        one(Flat(DEAL_WON, 2_500_00)),
        (sale(1_00),) * 12,
        {"ann": (2_500_00,) * 12},
    ),
    Example(
        "flat: four eligible deals",
        "What is a SPIF",
        "https://bentega.io/what-is-a-spif",
        one(Flat(DEAL_WON, 250_00)),
        (sale(1_00),) * 4,
        {"ann": (250_00,) * 4},
        currency="EUR",
    ),
    Example(
        "flat: a fixed amount on top of a percentage",
        "Spiff",
        f"{PROWI}/spiff",
        (a_rule(PercentOfDeal(800), code="sale"), a_rule(Flat(DEAL_WON, 1_000_00), code="spiff")),
        (sale(20_000_00),) * 5,
        {"ann": (1_600_00, 1_000_00) * 5},
        currency="DKK",
    ),
)
DEALS = (*SPLITS, *STAGES, *CAPS, *BONUSES, *OTHERS)
