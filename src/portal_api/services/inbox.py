"""The inbox: how far somebody has read it, and the queues that the vendor's inbox is made of."""

from dataclasses import dataclass
from datetime import datetime

from portal_api.domain.errors import InvalidInput
from portal_api.domain.inbox import InboxMark
from portal_api.domain.partners import Role
from portal_api.domain.writes import Save
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

EVERYBODY = frozenset(Role)


@dataclass(frozen=True, slots=True)
class InboxSeen:
    """What the inbox told until then is not new any more."""

    mark: InboxMark


def mark_inbox_seen(portal: Portal, ask: Ask, *, up_to: datetime) -> InboxSeen:
    """Marks what somebody's own inbox told up to an instant as seen; never less than before."""
    want = One(InboxMark, ask.subject)

    def decide(s: Situation) -> Decision[InboxSeen]:
        if up_to > s.now:
            raise InvalidInput("What is still to come cannot be seen.", "upTo")
        before = s.found[want]
        if before is not None and before.seen_at >= up_to:
            return Decision(InboxSeen(before), (), before.id, s.viewer.partner_id)
        mark = InboxMark(s.viewer.id, up_to, before.version if before is not None else 0)
        return Decision(InboxSeen(mark), (Save(mark),), mark.id, s.viewer.partner_id)

    arguments = {"to": up_to}
    name = "markInboxSeen"
    return perform(portal, ask, name, arguments, EVERYBODY, (want,), decide, InboxSeen)
