"""What the tests of consents are built of: partners, people, and a file."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from portal_api.domain import granting
from portal_api.domain.consent import EVERYBODY, ConsentFile, Who, Whom
from portal_api.domain.granting import Terms
from portal_api.domain.partners import ParticipationPolicy, Partner, PartnerType, Role

T0 = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
EMPTY = ConsentFile("p.g", "p", "g")
WIDE, SELECTIVE = ParticipationPolicy.COMPANY_WIDE, ParticipationPolicy.SELECTIVE


def a_partner(kind: PartnerType = PartnerType.VAR) -> Partner:
    return Partner("p", "Partner", kind, (), "EMEA")


def a_rep(name: str, team: str | None = None, role: Role = Role.SALES_REP) -> Who:
    return Who(name, team, role)


ANN, BOB = a_rep("ann", "north"), a_rep("bob", "south")


def asked(
    file: ConsentFile = EMPTY,
    whom: Whom = EVERYBODY,
    by: str = "manager",
    *,
    own_wish: bool = False,
    at: datetime = T0,
) -> ConsentFile:
    """The file with a request of a selective partner."""
    return granting.request(file, a_partner(), SELECTIVE, whom, by, own_wish, at)


def granted(
    file: ConsentFile = EMPTY,
    terms: Terms | None = None,
    *,
    at: datetime = T0,
    terms_version: int = 1,
    by: str = "boss",
    people: Mapping[str, Who] | None = None,
) -> ConsentFile:
    """The file with a consent of a selective partner."""
    given = (terms or Terms(), terms_version, by, at, people)
    return granting.grant(file, a_partner(), SELECTIVE, *given)


def named(*people: str) -> Whom:
    return Whom(people)
