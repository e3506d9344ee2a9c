"""The tree of business refusals: every one is a value that the caller of a mutation can act on.

::

    Refusal
    ├── of the input                 burn no request id: nothing was decided
    │   ├── NotFound                 what is named does not exist for this viewer
    │   ├── NotPermitted             the viewer's role may not do this
    │   ├── InvalidInput             a field is wrong; nothing was looked at
    │   └── IdempotencyConflict      the request id was used for another request
    ├── of consent                   CompanyWideConsentRequired, SelfStartNotAllowed,
    │                                ConsentAlreadyRequested, ConsentNotActive,
    │                                ConsentRequestAnswered, NotRetroactive, NotEligible,
    │                                AlreadyEnrolled, NotEnrolled
    ├── of leaderboards              LeaderboardFull, DisplayNameTaken
    ├── of people                    NotEmployed, AlreadyErased, ErasureNotPossible
    ├── of deals                     ReferenceAlreadyUsed, DealConflict, RegistrationDecided,
    │                                DealNotOpen, DealNotClosed, ExtensionNotRequested
    ├── of activities and claims     ReviewRequired, ClaimTooLate, EvidenceAlreadyUsed,
    │                                ClaimDecided, OwnClaim, NothingWithheld
    ├── of plans and goals           GoalsDoNotAddUp, PlanAlreadyPublished, PlanNotPublishable
    ├── of corrections               ExceedsEarning, SecondPersonRequired, AdjustmentDecided,
    │                                BudgetExhausted, DisputeTooLate, AlreadyDisputed,
    │                                DisputeNotOpen
    ├── of objections, obstacles     ObjectionNotOpen, ObstacleNotOpen,
    │                                ObstacleAlreadyReported
    └── of wallets and payouts       AccountClosed, WalletNotEmpty, InsufficientBalance,
                                     BelowMinimumPayout, NoOpenPayouts, PayoutNotOpen

What each one means stands with it.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(eq=False)
class Refusal(Exception):
    """A business refusal: ``message`` is for people, the other fields for programs.

    ``final`` says whether the same request would be refused again when replayed: such a refusal
    is stored with the request id and answered again. Refusals of the input itself are not stored.
    """

    message: str
    final: ClassVar[bool] = True

    def __str__(self) -> str:
        return self.message


@dataclass(eq=False)
class NotFound(Refusal):
    """What the argument ``field`` names is not there, or not yours: the two are not told apart."""

    final: ClassVar[bool] = False
    field: str

    @classmethod
    def of(cls, field: str) -> "NotFound":
        """The one text for all that cannot be seen, so that it tells nothing."""
        return cls("There is nothing with this id that you can see.", field)


@dataclass(eq=False)
class NotPermitted(Refusal):
    """The viewer's role may not do this; ``required_roles`` may."""

    final: ClassVar[bool] = False
    required_roles: tuple[str, ...]


@dataclass(eq=False)
class InvalidInput(Refusal):
    """The argument ``field`` cannot be used as given."""

    final: ClassVar[bool] = False
    field: str


@dataclass(eq=False)
class IdempotencyConflict(Refusal):
    """``request_id`` was used by the same caller for another request."""

    final: ClassVar[bool] = False
    request_id: str


@dataclass(eq=False)
class CompanyWideConsentRequired(Refusal):
    """A partner of type ``partner_type`` consents for its whole company or not at all."""

    partner_type: str


@dataclass(eq=False)
class SelfStartNotAllowed(Refusal):
    """Staff of a partner of type ``partner_type`` cannot start a consent request themselves."""

    partner_type: str


@dataclass(eq=False)
class ConsentAlreadyRequested(Refusal):
    """The same request has been waiting since ``requested_at`` (ISO 8601)."""

    requested_at: str


@dataclass(eq=False)
class ConsentNotActive(Refusal):
    """The consent ended at ``ended_at`` (ISO 8601)."""

    ended_at: str


@dataclass(eq=False)
class ConsentRequestAnswered(Refusal):
    """The request became ``status`` at ``answered_at``."""

    status: str
    answered_at: str


@dataclass(eq=False)
class NotRetroactive(Refusal):
    """What occurred before the consent is not paid by it; ``message`` says why."""

    final: ClassVar[bool] = False


@dataclass(eq=False)
class NotEligible(Refusal):
    """The person or partner is outside what the program names: ``reason``, a withholding reason."""

    reason: str


@dataclass(eq=False)
class AlreadyEnrolled(Refusal):
    """The person accepted the same terms at ``enrolled_at`` (ISO 8601)."""

    enrolled_at: str


@dataclass(eq=False)
class NotEnrolled(Refusal):
    """The person is not enrolled in the program ``program_id``."""

    program_id: str


@dataclass(eq=False)
class NotEmployed(Refusal):
    """The person has worked for nobody since ``ended_at`` (ISO 8601)."""

    ended_at: str


@dataclass(eq=False)
class AlreadyErased(Refusal):
    """The person's own data were erased: nothing about it changes any more."""


@dataclass(eq=False)
class ErasureNotPossible(Refusal):
    """The person's own data cannot be erased now: ``reasons`` names what stands against it."""

    reasons: tuple[str, ...]


@dataclass(eq=False)
class LeaderboardFull(Refusal):
    """As many people as it takes are on the program's leaderboard."""

    final: ClassVar[bool] = False


@dataclass(eq=False)
class DisplayNameTaken(Refusal):
    """Somebody else on the program's leaderboard has this name; who that is is not told."""

    final: ClassVar[bool] = False


@dataclass(eq=False)
class ReferenceAlreadyUsed(Refusal):
    """The external ``reference`` was registered before; by whom is not told."""

    reference: str


@dataclass(eq=False)
class DealConflict(Refusal):
    """Another deal protects the same customer and product; whose is not told."""


@dataclass(eq=False)
class RegistrationDecided(Refusal):
    """The registration has been decided: it is ``status`` now."""

    status: str


@dataclass(eq=False)
class DealNotOpen(Refusal):
    """The deal is not open or not approved: its stage is ``stage``."""

    stage: str


@dataclass(eq=False)
class DealNotClosed(Refusal):
    """The deal's ``stage`` is none from which it can be returned or reopened."""

    stage: str


@dataclass(eq=False)
class ExtensionNotRequested(Refusal):
    """The deal has no request for an extension that could be decided."""


@dataclass(eq=False)
class ReviewRequired(Refusal):
    """A person claims ``behavior`` with proof; the vendor or an integration records it."""

    behavior: str


@dataclass(eq=False)
class ClaimTooLate(Refusal):
    """What occurred then could be claimed until ``deadline`` (ISO 8601)."""

    deadline: str


@dataclass(eq=False)
class EvidenceAlreadyUsed(Refusal):
    """The ``evidence`` proved a claim of somebody of the same role before; whose is not told."""

    evidence: str


@dataclass(eq=False)
class ClaimDecided(Refusal):
    """The claim has been decided: it is ``status`` now."""

    status: str


@dataclass(eq=False)
class OwnClaim(Refusal):
    """Nobody decides a claim that is their own or that they submitted."""


@dataclass(eq=False)
class NothingWithheld(Refusal):
    """No rule withheld what it would pay for the activity now."""


@dataclass(eq=False)
class GoalsDoNotAddUp(Refusal):
    """What is assigned below ``party_id`` is not its own target and what is assigned beyond it.

    ``party_id`` is a partner or a team with its kind, as in ``Team:…``. ``stretch``: of the stretch
    goals. The sums are in major units of the program's currency, or counts.
    """

    final: ClassVar[bool] = False
    party_id: str
    stretch: bool
    sum_below: str
    expected: str
    difference: str


@dataclass(eq=False)
class PlanAlreadyPublished(Refusal):
    """Version ``number`` is published and never changes; ``next_number`` can be drafted."""

    final: ClassVar[bool] = False
    number: int
    next_number: int


@dataclass(eq=False)
class PlanNotPublishable(Refusal):
    """The plan cannot be published: ``problems`` names each reason."""

    final: ClassVar[bool] = False
    problems: tuple[str, ...]


@dataclass(eq=False)
class ExceedsEarning(Refusal):
    """Only ``left_minor`` of ``asset`` is left to take back (minor units).

    Of the earning, or with an adjustment of all that the program has paid the wallet.
    """

    asset: str
    left_minor: int


@dataclass(eq=False)
class SecondPersonRequired(Refusal):
    """Neither the wallet's own party nor, where it was proposed, its proposer may decide this."""


@dataclass(eq=False)
class AdjustmentDecided(Refusal):
    """The adjustment has been decided: it is ``status`` now."""

    status: str


@dataclass(eq=False)
class BudgetExhausted(Refusal):
    """Only ``available_minor`` of ``asset`` is left of the program's budget (minor units)."""

    final: ClassVar[bool] = False
    asset: str
    available_minor: int


@dataclass(eq=False)
class DisputeTooLate(Refusal):
    """The earning could be disputed until ``deadline`` (ISO 8601)."""

    deadline: str


@dataclass(eq=False)
class AlreadyDisputed(Refusal):
    """The earning was disputed before; that dispute is ``status`` now."""

    status: str


@dataclass(eq=False)
class DisputeNotOpen(Refusal):
    """The dispute has been answered: it is ``status`` now."""

    status: str


@dataclass(eq=False)
class ObjectionNotOpen(Refusal):
    """The objection has been answered or resolved: it is ``status`` now."""

    status: str


@dataclass(eq=False)
class ObstacleNotOpen(Refusal):
    """The report of an obstacle was closed at ``closed_at`` (ISO 8601)."""

    closed_at: str


@dataclass(eq=False)
class ObstacleAlreadyReported(Refusal):
    """Who asks has an open report of this kind about this behavior: ``report_id`` names it."""

    final: ClassVar[bool] = False
    report_id: str


@dataclass(eq=False)
class AccountClosed(Refusal):
    """The wallet was closed at ``closed_at`` (ISO 8601) and takes nothing more."""

    closed_at: str


@dataclass(eq=False)
class WalletNotEmpty(Refusal):
    """The wallet still has this much of ``asset`` (minor units), and perhaps others."""

    asset: str
    pending_minor: int
    available_minor: int
    held_minor: int


@dataclass(eq=False)
class InsufficientBalance(Refusal):
    """Only ``available_minor`` of ``asset`` can be asked for now (minor units)."""

    asset: str
    available_minor: int


@dataclass(eq=False)
class BelowMinimumPayout(Refusal):
    """A payout of ``asset`` is of ``minimum_minor`` or more (minor units)."""

    asset: str
    minimum_minor: int


@dataclass(eq=False)
class NoOpenPayouts(Refusal):
    """No open payout of the asset was requested before then."""


@dataclass(eq=False)
class PayoutNotOpen(Refusal):
    """The payout has been resolved: it is ``status`` now."""

    status: str
