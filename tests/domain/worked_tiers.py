"""Published calculations with tiers: marginal, of all revenue, by attainment, and returned."""

from portal_api.domain.goals import Level
from tests.domain.worked import OURS, PROWI, Example, one, returned, sale, tiers

GENIE = "https://www.sparrowgenie.com/sales-commission-models"
REVOPS = "https://revopsmasters.com/category/sales-compensation/accelerators-and-decelerators"
CALCULATOR = "https://www.biggestcalculatorhub.com/business/commission"
MEEVO = "https://docs.meevo.com/multi-location/MoreInfo/CommissionScale.htm"
NETSUITE = "https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_16172202301.html"
SPIFF = (
    "https://trailhead.salesforce.com/it/content/learn/modules"
    "/salesforce-spiff-marginal-payout-rules/use-marginal-payout-rule-functions"
)

THREE = tiers((0, 300), (300_000_00, 500), (600_000_00, 700))
UNITS = tiers((0, 1_000), (200_00, 2_000), (400_00, 3_000))
"""10, 20 and 30 for a unit of 100: units 1 to 2, 3 to 4, and from 5 on."""
BRACKETS = tiers((0, 0), (1_500_000_00, 125), (1_750_000_01, 175), of_all=True)

MARGINAL = (
    Example(
        "marginal: three tiers in one quarter",
        "The Strategic Advantage of Non-Retroactive Commission",
        f"{GENIE}/non-retroactive-commission",
        one(tiers((0, 300), (300_000_00, 500), (500_000_00, 700))),
        (sale(300_000_00), sale(200_000_00), sale(100_000_00)),
        {"ann": (9_000_00, 10_000_00, 7_000_00)},
    ),
    Example(
        "marginal: 750,000",
        "Commission calculator: tiered commission structures",
        CALCULATOR,
        one(THREE),
        (sale(750_000_00),),
        {"ann": (34_500_00,)},
    ),
    Example(
        "marginal: 600,000, then 50,000 more are 27,500 in all",
        "Commission calculator: tiered commission structures",
        CALCULATOR,
        one(THREE),
        (sale(600_000_00), sale(50_000_00)),
        {"ann": (24_000_00, 3_500_00)},
    ),
    Example(
        "marginal: tiered sliding scale",
        "Meevo manual: Commission Scales",
        MEEVO,
        one(tiers((0, 1_000), (100_00, 1_500), (200_00, 2_000), (300_00, 2_500))),
        (sale(325_00),),
        {"ann": (51_25,)},
    ),
    Example(
        "marginal: a deal across a tier",
        "Trailhead: Use Marginal Payout Rule Functions",
        SPIFF,
        one(tiers((0, 400), (150_000_00, 600), (250_000_00, 800))),
        (sale(145_000_00), sale(20_000_00)),
        {"ann": (5_800_00, 1_100_00)},
    ),
    Example(
        "marginal: at the limit, and above it",
        "Experiments with scenarios around tiered sales commissions",
        "https://gist.github.com/richardlawrence/1138036",
        one(tiers((0, 1_000), (5_000_00, 1_200))),
        (sale(4_000_00), sale(1_000_00), sale(1_000_00)),
        {"ann": (400_00, 100_00, 120_00)},
    ),
    Example(
        "marginal: 5, 7 and 10 %",
        "Tiered commission calculator",
        "https://huggingface.co/salestool/TieredCommissionCalculator",
        one(tiers((0, 500), (10_000_00, 700), (25_000_00, 1_000))),
        (sale(30_000_00),),
        {"ann": (2_050_00,)},
    ),
    Example(
        "marginal: a company's sales above a threshold",
        "Override Commission",
        f"{PROWI}/override-commission",
        one(tiers((0, 0), (225_000_00, 300)), Level.PARTNER),
        (sale(300_000_00),),
        {"p": (2_250_00,)},
    ),
)
OF_ALL = (
    Example(
        "retrospective: at the threshold all of it counts",
        "Commission calculator: retroactive commission",
        CALCULATOR,
        one(tiers((0, 300), (600_000_00, 700), of_all=True)),
        (sale(600_000_00),),
        {"ann": (42_000_00,)},
    ),
    Example(
        "retrospective: a partner's spend moves through the brackets to 35,000",
        "SAFPRO: Do you offer any bonus or rebate schemes?",
        "https://knowledge.safpro.co.uk/do-you-offer-any-bonus-or-rebate-schemes",
        one(BRACKETS, Level.PARTNER),
        (sale(1_600_000_00), sale(200_000_00), sale(200_000_00)),
        {"p": (20_000_00, 11_500_00, 3_500_00)},
        currency="GBP",
    ),
    Example(
        "retrospective: from the first dollar on",
        "Override Commission",
        f"{PROWI}/override-commission",
        one(tiers((0, 0), (225_000_00, 300), of_all=True), Level.PARTNER),
        (sale(200_000_00), sale(100_000_00)),
        {"p": (9_000_00,)},
    ),
)
ACCELERATORS = (
    Example(
        "accelerator: attainment bands over two invoices",
        "Sales Credits Sample Clauses",
        "https://www.lawinsider.com/clause/sales-credits",
        one(tiers((0, 100), (8_000, 200), (10_000, 300), (15_000, 400), of_target=True)),
        (sale(60_000_00), sale(30_000_00)),
        {"ann": (600_00, 400_00)},
        target=(100_000_00, 150_000_00),
    ),
    Example(
        "accelerator: above quota at a higher rate",
        "What is accelerator commission?",
        "https://www.hyperbots.com/glossary/accelerator-commission",
        one(tiers((0, 500), (10_000, 800), of_target=True)),
        (sale(200_000_00), sale(60_000_00)),
        {"ann": (10_000_00, 4_800_00)},
        target=(200_000_00, 200_000_00),
    ),
    Example(
        "accelerator: half as much again from 100 to 130 %",
        "Accelerators and decelerators",
        REVOPS,
        one(tiers((0, 2_000), (10_000, 3_000), (13_000, 4_000), of_target=True)),
        (sale(650_000_00),),
        {"ann": (145_000_00,)},
        target=(500_000_00, 650_000_00),
    ),
    Example(
        "decelerator: half as much up to 50 %",
        "Accelerators and decelerators",
        REVOPS,
        one(tiers((0, 1_000), (5_000, 2_000), (10_000, 3_000), of_target=True)),
        (sale(200_000_00),),
        {"ann": (20_000_00,)},
        target=(500_000_00, 500_000_00),
    ),
)
RETURNS = (
    Example(
        "clawback: two returned units unwind from the highest tier",
        "NetSuite manual: Returns Associated with Volume Rebates",
        NETSUITE,
        one(UNITS, Level.PARTNER),
        (sale(200_00), sale(200_00), sale(200_00), returned(2)),
        {"p": (20_00, 40_00, 60_00, -60_00)},
    ),
    Example(
        "clawback: the first units give back their own 20, and the bands go on from 4 units",
        OURS,
        "",
        one(UNITS, Level.PARTNER),
        (sale(200_00), sale(200_00), sale(200_00), returned(0), sale(200_00)),
        {"p": (20_00, 40_00, 60_00, -20_00, 60_00)},
    ),
)
TIERS = (*MARGINAL, *OF_ALL, *ACCELERATORS, *RETURNS)
