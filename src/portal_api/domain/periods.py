"""Periods of a program's calendar: how they are named, and the same one of the year before."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portal_api.domain.plans import Period

_NAME = re.compile(r"M\d{4}-(0[1-9]|1[0-2])|Q\d{4}-[1-4]|H\d{4}-[12]|Y\d{4}", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""The years of which something can be declared."""

_MONTHS = {"M": 1, "Q": 3, "H": 6, "Y": 12}
"""How many months the periods have that are made of them, by the first letter of their names."""


def period_of(period: Period, instant: datetime, time_zone: str) -> str:
    """The name of the period that an instant is in, by the program's own calendar.

    Weeks are named by their Monday.
    """
    local = instant.astimezone(ZoneInfo(time_zone)).date()
    match period:
        case Period.DAY:
            return f"D{local.isoformat()}"
        case Period.WEEK:
            return f"W{(local - timedelta(days=local.weekday())).isoformat()}"
        case Period.MONTH:
            return f"M{local.year}-{local.month:02}"
        case Period.QUARTER:
            return f"Q{local.year}-{(local.month - 1) // 3 + 1}"
        case Period.HALF_YEAR:
            return f"H{local.year}-{(local.month - 1) // 6 + 1}"
        case Period.YEAR:
            return f"Y{local.year}"
        case Period.PROGRAM:
            return "P"


def is_of_months(name: str) -> bool:
    """Whether it is the name of a month, a quarter, a half-year or a year."""
    return _NAME.fullmatch(name) is not None


def can_be_told(name: str) -> bool:
    """Whether it is such a period in a year of which something can be declared."""
    return is_of_months(name) and FIRST_YEAR <= int(name[1:5]) <= LAST_YEAR


def months_in(name: str) -> tuple[str, ...]:
    """The names of the months that such a period has."""
    count = _MONTHS[name[0]]
    first = (int(name[6:] or 1) - 1) * count + 1
    return tuple(f"M{name[1:5]}-{month:02}" for month in range(first, first + count))


def year_before(name: str) -> str:
    """The same period of the year before."""
    return f"{name[0]}{int(name[1:5]) - 1:04}{name[5:]}"


def begins_at(name: str, time_zone: str) -> datetime:
    """The first instant of such a period."""
    month = months_in(name)[0]
    local = datetime(int(month[1:5]), int(month[6:]), 1, tzinfo=ZoneInfo(time_zone))
    return local.astimezone(UTC)
