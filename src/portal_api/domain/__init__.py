"""The rules, as pure functions over frozen records.

Standard library only: no clock, no ids, no logging.
"""
