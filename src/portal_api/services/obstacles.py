"""Obstacles: reported by a partner's people or noted by the vendor, closed, and done about.

The events of reports are the vendor's own: the id of a report names who made it, and a webhook
endpoint of one partner's events may be its executive's.
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from portal_api.domain import obstacles
from portal_api.domain.activities import DEAL_CHANGES, BehaviorType
from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.eligibility import known_to
from portal_api.domain.errors import InvalidInput, NotFound, ObstacleAlreadyReported
from portal_api.domain.obstacles import (
    SEVERAL,
    Intervention,
    ObstacleKind,
    ObstacleReport,
    ObstacleStatus,
)
from portal_api.domain.partners import Partner, Role
from portal_api.domain.programs import Program
from portal_api.domain.writes import Create, Delist, Enlist, Release, Reserve, Save, Write
from portal_api.services.partners import MANAGERS, required
from portal_api.services.store import Holder, Listed, Many, One, Store, Want, of_program
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

REPORTERS = frozenset(Role) - {Role.SERVICE}
MOST_ANSWERED = 50
"""So many reports can one intervention name."""
MOST_READ = 1_000
"""So many reports of a program and status, and open ones of a company, are looked at together."""


@dataclass(frozen=True, slots=True)
class ObstacleReported:
    """The vendor has the report."""

    report: ObstacleReport


@dataclass(frozen=True, slots=True)
class ObstacleClosed:
    """The reporter has the vendor's answer, and nothing is in the way any more."""

    report: ObstacleReport


@dataclass(frozen=True, slots=True)
class InterventionRecorded:
    """What was done is dated, so that the trend after it can be told."""

    intervention: Intervention


@dataclass(frozen=True, slots=True)
class SharedObstacle:
    """What several of a company's people report, without who, how many, when and in which words."""

    program_id: str
    behavior: str
    kind: ObstacleKind


def report_obstacle(
    portal: Portal,
    ask: Ask,
    *,
    partner_id: str,
    program_id: str,
    behavior: str,
    kind: ObstacleKind,
    text: str,
) -> ObstacleReported:
    """Records why a behavior is not done: one of a partner's people, or the vendor who was told.

    Everybody has one open report of a behavior and kind at a partner, so that nobody's many push
    out those of others; a second one raises ``ObstacleAlreadyReported``.
    """
    text = required("text", text, 2_000, lines=True)
    partner_want, program_want = One(Partner, partner_id), One(Program, program_id)
    file_want = One(ConsentFile, f"{partner_id}.{program_id}")
    own_want = One(Enrollment, f"{partner_id}.{ask.subject}.{program_id}")
    behavior_want = One(BehaviorType, behavior)
    holder = Holder(_name_of(partner_id, program_id, behavior, kind, ask.subject))

    def decide(s: Situation) -> Decision[ObstacleReported]:
        partner = s.found[partner_want]
        if partner is None or s.viewer.partner_id not in (None, partner_id):
            raise NotFound.of("partnerId")
        parts = s.found[file_want], s.found[own_want]
        program = known_to(s.viewer, s.found[program_want], partner, s.now, *parts)
        if program is None:
            raise NotFound.of("programId")
        _check_behavior(s, behavior_want)
        waiting = s.found[holder]
        if waiting is not None:
            told = "You have reported this already, and the report is open."
            raise ObstacleAlreadyReported(told, f"ObstacleReport:{waiting}")
        report = ObstacleReport(
            id=f"{partner_id}.{s.viewer.id}.{program_id}.{portal.new_id()}",
            partner_id=partner_id,
            program_id=program_id,
            behavior=behavior,
            kind=kind,
            text=text,
            reported_by=s.viewer.id,
            role=s.viewer.role,
            reported_at=s.now,
            reported_on=_today(s, program),
        )
        name = Reserve(holder.name, report.id)
        writes: tuple[Write, ...] = (Save(report), name, *_enlisted(report))
        return Decision(ObstacleReported(report), writes, report.id)

    arguments = {
        "partner": partner_id,
        "program": program_id,
        "behavior": behavior,
        "kind": kind,
        "text": text,
    }
    wants: tuple[Want[object], ...] = (
        *(partner_want, program_want, file_want),
        *(own_want, behavior_want, holder),
    )
    name = "reportObstacle"
    return perform(portal, ask, name, arguments, REPORTERS, wants, decide, ObstacleReported)


def close_obstacle(portal: Portal, ask: Ask, *, report_id: str, answer: str) -> ObstacleClosed:
    """Closes a report with an answer to who made it, once; raises ``ObstacleNotOpen``."""
    answer, want = required("answer", answer, 500, lines=True), One(ObstacleReport, report_id)

    def decide(s: Situation) -> Decision[ObstacleClosed]:
        before = s.found[want]
        if before is None:
            raise NotFound.of("obstacleReportId")
        after = obstacles.closed(before, answer, s.viewer.id, s.now)
        left = (Delist(one.name, one.sort) for one in _enlisted(before))
        about = before.partner_id, before.program_id, before.behavior, before.kind
        freed = Release(_name_of(*about, before.reported_by))
        writes: tuple[Write, ...] = (Save(after), freed, *left, *_enlisted(after))
        return Decision(ObstacleClosed(after), writes, after.id)

    arguments = {"report": report_id, "answer": answer}
    name = "closeObstacle"
    return perform(portal, ask, name, arguments, MANAGERS, (want,), decide, ObstacleClosed)


def record_intervention(
    portal: Portal,
    ask: Ask,
    *,
    program_id: str,
    behavior: str,
    text: str,
    started_on: date,
    partner_id: str | None = None,
    answers: tuple[str, ...] = (),
    corrects: str | None = None,
) -> InterventionRecorded:
    """Records what was done about a behavior, since which day and where; none: everywhere.

    ``answers`` are the ids of reports of that behavior from there, ``corrects`` that of an
    intervention of the program that this one is told in place of.
    """
    text, named = required("text", text, 2_000, lines=True), tuple(dict.fromkeys(answers))
    if len(named) > MOST_ANSWERED:
        raise InvalidInput(f"At most {MOST_ANSWERED} reports can be named.", "obstacleReportIds")
    program_want, behavior_want = One(Program, program_id), One(BehaviorType, behavior)
    partner_want, corrected = One(Partner, partner_id or "none"), One(Intervention, f"{corrects}")
    report_wants = tuple(One(ObstacleReport, report_id) for report_id in named)

    def decide(s: Situation) -> Decision[InterventionRecorded]:
        program = s.found[program_want]
        if program is None:
            raise NotFound.of("programId")
        if partner_id is not None and s.found[partner_want] is None:
            raise NotFound.of("partnerId")
        before = s.found[corrected]
        if corrects is not None and (before is None or before.program_id != program_id):
            raise NotFound.of("correctsId")
        _check_behavior(s, behavior_want)
        if started_on > _today(s, program):
            raise InvalidInput("What is to come has not been done yet.", "startedOn")
        done = Intervention(
            id=f"{program_id}.{portal.new_id()}",
            program_id=program_id,
            behavior=behavior,
            text=text,
            started_on=started_on,
            recorded_by=s.viewer.id,
            recorded_at=s.now,
            partner_id=partner_id,
            answers=named,
            corrects=corrects,
        )
        for report in (s.found[want] for want in report_wants):
            _check_answered(done, report)
        return Decision(InterventionRecorded(done), (Create(done),), done.id)

    arguments = {
        "program": program_id,
        "behavior": behavior,
        "text": text,
        "on": started_on,
        "partner": partner_id,
        "answers": named,
        "corrects": corrects,
    }
    wants: tuple[Want[object], ...] = (
        *(program_want, behavior_want, partner_want, corrected),
        *report_wants,
    )
    name = "recordIntervention"
    return perform(portal, ask, name, arguments, MANAGERS, wants, decide, InterventionRecorded)


def obstacles_to(program_id: str, status: ObstacleStatus) -> str:
    """The list of the reports about a program that stand so, in the order of time."""
    return f"{program_id}.obstacles.{status}"


def obstacles_at(partner_id: str) -> str:
    """The list of the open reports of a company's staff, for what several of them say."""
    return f"{partner_id}.obstacles"


def told_about(
    store: Store, program_id: str
) -> tuple[tuple[ObstacleReport, ...], tuple[Intervention, ...]]:
    """The last ``MOST_READ`` reports of each status about a program, and all interventions in it.

    Two waves, whatever there is.
    """
    lists = [Listed(obstacles_to(program_id, one), MOST_READ) for one in ObstacleStatus]
    done = Many(Intervention, of_program(program_id))
    found = store.read([*lists, done])
    wants = [One(ObstacleReport, report_id) for one in lists for report_id in found[one].ids]
    reports = store.read(wants)
    return (
        tuple(report for want in wants if (report := reports[want]) is not None),
        found[done].records,
    )


def shared(references: tuple[str, ...], asker_id: str) -> tuple[SharedObstacle, ...]:
    """Of the entries of ``obstacles_at`` what ``SEVERAL`` different people report, in order.

    Who asks is none of them, though it may have reported before it became an executive.
    """
    people: dict[tuple[str, str, str], set[str]] = {}
    for reference in references:
        program_id, behavior, kind, person_id = reference.split(".")
        people.setdefault((program_id, behavior, kind), set()).update({person_id} - {asker_id})
    return tuple(
        SharedObstacle(program_id, behavior, ObstacleKind(kind))
        for (program_id, behavior, kind), who in sorted(people.items())
        if len(who) >= SEVERAL
    )


def _today(s: Situation, program: Program) -> date:
    """The day that it is in a program."""
    return s.now.astimezone(ZoneInfo(program.time_zone)).date()


def _check_behavior(s: Situation, want: One[BehaviorType]) -> None:
    """Raises ``NotFound`` for what is not in the catalogue; the changes of a deal always are."""
    if want.id not in DEAL_CHANGES and s.found[want] is None:
        raise NotFound.of("behavior")


def _check_answered(done: Intervention, report: ObstacleReport | None) -> None:
    """Raises ``NotFound`` or ``InvalidInput`` for a report that something cannot answer."""
    field = "obstacleReportIds"
    if report is None or report.program_id != done.program_id:
        raise NotFound.of(field)
    if not done.is_since(report):
        raise InvalidInput("A report is of another behavior, or another partner.", field)


def _name_of(
    partner_id: str, program_id: str, behavior: str, kind: ObstacleKind, person_id: str
) -> str:
    """The name that somebody's open report of a behavior and kind at a partner has alone."""
    return f"obstacle:{partner_id}.{program_id}.{behavior}.{kind}.{person_id}"


def _enlisted(report: ObstacleReport) -> tuple[Enlist, ...]:
    """Its places in lists: of its program by status and, while it is open, of its company."""
    own = report.id.rpartition(".")[2]
    listed = Enlist(obstacles_to(report.program_id, report.status), own, report.id)
    if report.status is not ObstacleStatus.OPEN or not report.of_staff:
        return (listed,)
    what = f"{report.program_id}.{report.behavior}.{report.kind}.{report.reported_by}"
    return listed, Enlist(obstacles_at(report.partner_id), f"{what}#{own}", what)
