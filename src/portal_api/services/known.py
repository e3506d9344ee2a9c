"""Which programs exist for who asks: one that is not for a partner answers as if it never was."""

from portal_api.domain.eligibility import known_to
from portal_api.domain.errors import NotFound
from portal_api.services.loads import Loads
from portal_api.services.members import of_staff
from portal_api.services.use_case import Situation


def check_known(s: Situation, loads: Loads) -> None:
    """Raises ``NotFound`` for a program that does not exist for the asker; nothing is read for it.

    Where the person is not there, that is told first, whatever the program: by whoever settles.
    """
    found = s.found
    partner, person = found[loads.partner], of_staff(found[loads.individual], loads.partner_id)
    if partner is None or person is None:
        return
    counted = found[loads.shared_progress].records or None
    parts = found[loads.consents], found[loads.enrollment], found[loads.own_progress], counted
    if known_to(s.viewer, found[loads.program], partner, s.now, *parts) is None:
        raise NotFound.of("programId")
