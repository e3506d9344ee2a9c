"""What the README says is so."""

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal_api.domain.webhooks import headers, secret_of
from tests.readme import README, rendered


def test_the_readmes_examples_answer_what_the_readme_says() -> None:
    """Documents, variables and answers are the demo's; ``python -m tests.readme`` renews them."""
    text = README.read_text("utf-8")
    assert 2 <= len(re.findall("<!-- example: ", text))
    assert text == rendered(text)


def test_every_file_that_the_readme_names_is_there() -> None:
    """A newcomer finds what is pointed at."""
    layers = "schema|services|domain|storage"
    names = re.findall(rf"`((?:{layers})/[\w/]*\w\.py)`", README.read_text("utf-8"))
    missing = [name for name in names if not (README.parent / "src/portal_api" / name).is_file()]
    assert names
    assert [] == missing


def test_the_readmes_receiver_takes_what_is_signed_and_nothing_else() -> None:
    """The function as it stands there, given what is sent."""
    (code,) = re.findall(r"```python\n(def is_signed.*?)```", README.read_text("utf-8"), re.DOTALL)
    there: dict[str, Any] = {"base64": base64, "hmac": hmac, "Mapping": Mapping}
    exec(code, there)
    old, new, other = (secret_of(bytes([number]) * 32) for number in range(3))
    told = headers([new, old], "RXZlbnQ=", datetime(2026, 6, 1, tzinfo=UTC), b"{}")
    assert there["is_signed"](old, told, b"{}")
    assert there["is_signed"](new, told, b"{}")
    assert not there["is_signed"](other, told, b"{}")
    assert not there["is_signed"](new, told, b"{ }")
