"""The questions of the insight: one pure module each, from weekly series to an answer.

Every answer says on what it stands (``basis.Basis``): its method, its n, its thresholds and the
weeks that it looks at. Where these do not carry a verdict, it is INSUFFICIENT_DATA.
"""
