"""Erasing a person: what tells who it was is gone, and no amount, sum or hash changes."""

from dataclasses import dataclass

from portal_api.domain.ledger import Wallet
from portal_api.domain.partners import Individual
from portal_api.domain.people import erased, external_ids
from portal_api.domain.writes import Absent, Delist, Release, Save, Unchanged, Write
from portal_api.services import leaderboards
from portal_api.services.partners import ADMINS, list_of_email, name_of_person
from portal_api.services.people import named_at
from portal_api.services.store import Holder, One
from portal_api.services.use_case import VENDOR, Ask, Decision, Portal, Situation, perform


@dataclass(frozen=True, slots=True)
class IndividualErased:
    """Nothing tells any more who the person was."""

    individual: Individual


def erase_individual(portal: Portal, ask: Ask, *, at: str, individual_id: str) -> IndividualErased:
    """Erases name, address, external ids and names on leaderboards of who has left, for good.

    The ledger holds nothing but its id, and stays as it is. An address and an external id are free
    for another person then. At commit the wallet is still as it was: empty. Raises ``NotFound``,
    ``AlreadyErased`` and ``ErasureNotPossible``.
    """
    want, wallet_want = One(Individual, individual_id), One(Wallet, individual_id)

    def decide(s: Situation) -> Decision[IndividualErased]:
        person, wallet = named_at(s.found[want], at, s), s.found[wallet_want]
        gone = erased(person, wallet.balances if wallet is not None else {}, s.now)
        writes: list[Write] = [
            Save(gone),
            Delist(list_of_email(person.email), person.id),
            Absent(Wallet, person.id) if wallet is None else Unchanged(wallet),
            *_released(s, person),
            *leaderboards.forgotten(s, person),
        ]
        partner_id = None if at == VENDOR else at
        return Decision(IndividualErased(gone), tuple(writes), person.id, partner_id)

    arguments = {"at": at, "individual": individual_id}
    wants = (want, wallet_want)
    return perform(
        portal, ask, "eraseIndividual", arguments, ADMINS, wants, decide, IndividualErased
    )


def _released(s: Situation, person: Individual) -> list[Write]:
    """The names that it has by its external ids, as far as they are its own."""
    holders = [
        Holder(name_of_person(partner_id or VENDOR, external_id))
        for partner_id, external_id in external_ids(person)
    ]
    found = s.portal.store.read(holders)
    return [Release(holder.name) for holder in holders if found[holder] == person.id]
