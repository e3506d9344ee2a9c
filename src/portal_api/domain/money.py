"""Exact amounts: integers in minor units, one rounding of rates, one way to share a whole."""

import re
from collections.abc import Sequence
from decimal import Decimal

POINTS = "POINTS"
"""The asset code of points; every other asset is an ISO 4217 currency code."""

LARGEST_AMOUNT_MINOR = 10**12
"""No single transfer is larger (reliability invariant L2)."""

# ISO 4217 currencies whose minor unit is not a hundredth (list one, 2024 edition).
_EXPONENTS = {
    POINTS: 0,
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def exponent(asset: str) -> int:
    """How many decimal digits the minor unit of ``asset`` has."""
    return _EXPONENTS.get(asset, 2)


def is_asset(code: str) -> bool:
    """Whether ``code`` has the form of an asset: POINTS or three capital letters."""
    return code == POINTS or (
        len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()
    )


def is_currency(code: str) -> bool:
    """Whether ``code`` has the form of a currency: an asset that is not points."""
    return code != POINTS and is_asset(code)


def to_minor(amount: str, asset: str) -> int:
    """The minor units of a decimal string such as ``"150.00"``.

    Raises ``ValueError`` when the string is not a plain decimal, has more digits than the asset's
    minor unit, or is larger than a transfer may be.
    """
    if len(amount) > 20 or not _DECIMAL.fullmatch(amount):
        raise ValueError(f"{amount[:40]!r} is not a decimal number such as 150.00")
    scaled = Decimal(amount).scaleb(exponent(asset))
    minor = int(scaled)
    if minor != scaled:
        raise ValueError(f"{amount!r} has more than {exponent(asset)} decimal digits for {asset}")
    if abs(minor) > LARGEST_AMOUNT_MINOR:
        raise ValueError(f"{amount!r} is larger than an amount may be")
    return minor


def to_text(amount_minor: int, asset: str) -> str:
    """The decimal string of minor units: ``15000`` of USD is ``"150.00"``."""
    digits = exponent(asset)
    if digits == 0:
        return str(amount_minor)
    sign, whole = ("-" if amount_minor < 0 else ""), str(abs(amount_minor)).rjust(digits + 1, "0")
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}"


def percent(rate_bps: int) -> str:
    """A rate in words: ``150`` basis points are ``"1.5"`` per cent."""
    return f"{rate_bps // 100}.{rate_bps % 100:02}".rstrip("0").rstrip(".")


def paid_as(asset: str, currency: str) -> str:
    """What a rate is paid in, in words, where that is not the currency of what it is of."""
    return "" if asset == currency else f", paid in {asset}"


def of_rate(amount_minor: int, rate_bps: int) -> int:
    """``rate_bps`` basis points of an amount, rounded half to even."""
    return of_ratio(amount_minor, rate_bps, 10_000)


def of_ratio(amount_minor: int, numerator: int, denominator: int) -> int:
    """An amount times a fraction, rounded half to even: the one place that rounds.

    ``denominator`` is larger than zero.
    """
    quotient, remainder = divmod(amount_minor * numerator, denominator)
    if remainder * 2 > denominator or (remainder * 2 == denominator and quotient % 2):
        return quotient + 1
    return quotient


def split(whole_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """The whole in parts by integer weights that sum to it exactly.

    Largest remainder, ties to the first: 100 by (1, 1, 1) is (34, 33, 33). Raises ``ValueError``
    on a negative weight or when all are zero.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights must be non-negative and not all zero")
    parts = [whole_minor * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(whole_minor * weights[i] % total))
    for index in by_remainder[: whole_minor - sum(parts)]:
        parts[index] += 1
    return tuple(parts)
