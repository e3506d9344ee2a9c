"""Rows of a CRM export, and short ways to read them."""

from collections.abc import Iterable

from portal_api.domain import crm
from portal_api.domain.crm import Agent, BadRow, Opportunity, Product, RowWarning

HEADER = ",".join(crm.PIPELINE_COLUMNS)
AGENTS = (Agent("Ada Quill", "Max Holt", "Harbour"),)
PRODUCTS = (Product("Kestrel Plus", "Kestrel", 62_000),)
ACCOUNTS = ("Fernhill Foods", 'Glass "Water", Inc.')
WON = "R1,Ada Quill,Kestrel Plus,Fernhill Foods,Won,20-10-2025,01-03-2026,610.5"

Item = Opportunity | BadRow | RowWarning


def read(*rows: str, header: str = HEADER, exponent: int = 2) -> list[Item]:
    return read_lines((header, *rows), exponent=exponent)


def read_lines(lines: Iterable[str], *, exponent: int = 2) -> list[Item]:
    return list(
        crm.read_opportunities(
            lines, teams=AGENTS, products=PRODUCTS, accounts=ACCOUNTS, exponent=exponent
        )
    )


def one(row: str, *, exponent: int = 2) -> Opportunity:
    (item,) = read(row, exponent=exponent)
    assert isinstance(item, Opportunity), item
    return item


def refused(row: str, *, exponent: int = 2) -> BadRow:
    (item,) = read(row, exponent=exponent)
    assert isinstance(item, BadRow), item
    assert (crm.PIPELINE_FILE, 2) == (item.file, item.line)
    return item


def row(**changes: str) -> str:
    cells = dict(zip(crm.PIPELINE_COLUMNS, WON.split(","), strict=True)) | changes
    return ",".join(cells.values())


def open_row(**changes: str) -> str:
    return row(**({"deal_stage": "Engaging", "close_date": "", "close_value": ""} | changes))
