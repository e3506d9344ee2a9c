"""Every partner's counters of what was earned, and what its teams were awarded; L17 and L24."""

from collections.abc import Iterator

from portal_api.domain.activities import OutcomeStatus
from portal_api.domain.earnings import Earning
from portal_api.domain.goals import Progress
from portal_api.domain.teams import TeamAward, TeamShare, in_equal_shares
from portal_api.services.store import Many, One, Store, Unreadable, of_partner
from portal_api.services.verify_differences import Differences
from portal_api.services.verify_reading import Answers, Finding, listed, records

_EARNED = ("earned:", "company:", "earners:", "teamless:")


def partner_findings(store: Store, counters: Differences) -> Iterator[Finding]:
    """What is wrong with any partner; its counters are subtracted from ``counters``."""
    for entry in listed(store, "partners"):
        if isinstance(entry, Unreadable):
            yield Finding("L24", f"The list of partners is damaged: {entry}")
            continue
        for progress in records(store, Many(Progress, of_partner(entry[0]))):
            if isinstance(progress, Unreadable):
                yield Finding("L24", str(progress))
                continue
            for counter, amount in progress.counters.items():
                if counter.startswith(_EARNED):
                    counters.add(counter, progress.id, -amount)
        for award in records(store, Many(TeamAward, of_partner(entry[0]))):
            if isinstance(award, Unreadable):
                yield Finding("L17", str(award))
            else:
                yield from _award_findings(store, award)


def due_findings(store: Store, name: str, counters: Differences) -> Iterator[Finding]:
    """The list of earnings that become available by themselves is added to ``counters``."""
    for entry in listed(store, name):
        if isinstance(entry, Unreadable):
            yield Finding("L24", f"The list {name} is damaged: {entry}")
        else:
            counters.add("due", entry[0], 1)


def counted(what: str, whose: str, amount: int) -> Finding:
    """A counter, or the list, in words; ``amount``: how much the journals have more."""
    if what == "due":
        text = "is on the list of those that wait, and does not"
        if amount < 0:
            text = "waits for the end of its hold, and is not on the list of those that do"
        return Finding("L24", f"The earning {whose.partition('#')[2]} {text}.")
    more = f"{abs(amount)} {'more' if amount > 0 else 'less'}"
    return Finding("L24", f"Of {what} {whose} counts otherwise: the journals have {more}.")


def _award_findings(store: Store, award: TeamAward) -> Iterator[Finding]:
    """The shares of a team's award: they sum to the whole, and what is paid is an earning."""
    people = tuple(share.individual_id for share in award.shares)
    expected = in_equal_shares(award.trace.amount_minor, people) if people else ()
    divided = tuple(TeamShare(share.individual_id, share.amount_minor) for share in award.shares)
    if divided != expected:
        total = sum(share.amount_minor for share in award.shares)
        text = f"The shares of {award.id} sum to {total} of {award.trace.amount_minor}, unequally."
        yield Finding("L17", text)
    paid = {
        share.outcome.earning_id: share
        for share in award.shares
        if share.outcome is not None and share.outcome.status is OutcomeStatus.AWARDED
    }
    wants = {name: One(Earning, name) for name in paid if name is not None}
    answers = Answers(store, list(wants.values()))
    for name, share in paid.items():
        earning = answers[wants[name]] if name is not None else None
        if name is None and not share.amount_minor:
            continue
        told = earning and (earning.wallet_id, earning.trace.amount_minor, earning.trace.asset)
        if told != (share.individual_id, share.amount_minor, award.trace.asset):
            text = f"The share of {share.individual_id} in {award.id} is not the earning it names."
            yield Finding("L17", text)
