"""An imported export as people see it: the portal's totals are the file's."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal_api.app import new_id, system_clock
from portal_api.demo.exports import ExportFacts, write_export
from portal_api.dev.portal import LocalPortal, local_portal
from portal_api.domain.partners import Role
from portal_api.services.import_frame import ImportTerms
from portal_api.services.imports import import_crm
from portal_api.services.use_case import Portal
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.api import call


@pytest.fixture
def imported(lonely_engine: Engine, tmp_path: Path) -> tuple[LocalPortal, ExportFacts]:
    """Give a portal with an imported export, on each engine in turn, and what must be seen."""
    facts = write_export(tmp_path, rows=120, seed=3)
    portal = Portal(TableStore(lonely_engine), system_clock, new_id)

    def lines(name: str) -> list[str]:
        return (tmp_path / name).read_text("utf-8").splitlines(keepends=True)

    for _ in import_crm(portal, lines, ImportTerms()):
        pass
    return local_portal(portal.store, 0), facts


def ask(local: LocalPortal, role: Role, document: str) -> dict[str, Any]:
    """What somebody of that role is answered."""
    who = next(person for person in local.main if person.role is role)
    answer = call(Portal(local.store, system_clock, new_id), who.id, document)
    assert "errors" not in answer, answer
    viewer: dict[str, Any] = answer["data"]["viewer"]
    return viewer


def amount(minor: int) -> str:
    return str(Decimal(minor).scaleb(-2))


def test_the_vendor_sees_the_file_s_totals(imported: tuple[LocalPortal, ExportFacts]) -> None:
    """Deals, won deals, won sales and earnings over all partners; a budget that fell by as much."""
    local, facts = imported
    (asked,) = (one for one in local.examples() if one.key == "12-what-it-moved")
    (program,) = ask(local, Role.SERVICE, asked.document)["programs"]
    totals = program["totals"]
    assert (facts.usable, facts.won, amount(facts.won_minor)) == (
        totals["deals"],
        totals["won"],
        totals["wonRevenue"]["amount"],
    )
    assert [amount(facts.earned_minor)] == [one["money"]["amount"] for one in totals["earned"]]
    left = 100_000_000 - facts.earned_minor
    assert [amount(left)] == [one["money"]["amount"] for one in program["budget"]]


def test_an_agent_sees_its_own_deals_and_earnings_and_its_executive_the_company_s(
    imported: tuple[LocalPortal, ExportFacts],
) -> None:
    """As everybody else: the import's placeholder executive has granted the consent."""
    local, _ = imported
    agent = ask(
        local,
        Role.SALES_REP,
        """{ viewer { individual { enrollments { consented }
          deals(first: 5) { edges { node { registration reference } } }
          earnings(first: 5) { edges { node { ofAmount { money { amount } } because } } } } } }""",
    )["individual"]
    assert [{"consented": True}] == agent["enrollments"]
    assert {"APPROVED"} == {edge["node"]["registration"] for edge in agent["deals"]["edges"]}
    assert all("1 : 5" in edge["node"]["because"] for edge in agent["earnings"]["edges"])
    company = ask(
        local,
        Role.PARTNER_EXECUTIVE,
        "{ viewer { partner { consents { scope historical } participation { deals won } } } }",
    )["partner"]
    assert [{"scope": "COMPANY", "historical": True}] == company["consents"]
    assert company["participation"][0]["deals"] >= company["participation"][0]["won"] > 0
