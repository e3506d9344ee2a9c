"""The app's templates as its users get them, synthesized once for all workers of a test session.

Run as a module it synthesizes, in a process of its own: JSII's Node process and CDK's modules take
seconds to load, and neither is to be in the tests' processes.
"""

import csv
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent.parent
CERTIFICATE: Final = f"arn:aws:acm:us-east-1:111122223333:certificate/{'0' * 8}"
ORIGIN: Final = "https://portal.example.com"
HOST: Final = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
CHECKED: Final[Mapping[str, Mapping[str, str]]] = {
    "dev": {"stage": "dev"},
    "prod": {
        "stage": "prod",
        "origins": ORIGIN,
        "email": "operators@example.com",
        "edge": "true",
        "apiHost": HOST,
        "domain": "api.example.com",
        "certificate": CERTIFICATE,
    },
}
"""What is synthesized: each stage, the larger one with all that it can have."""
CHANGED: Final[Mapping[str, Mapping[str, str]]] = {
    "dev-new-code": {"stage": "dev", "bundle": "newer.zip", "insightsBundle": "newer.zip"},
    "dev-new-setting": {"stage": "dev", "origins": ORIGIN},
    "dev-paused": {"stage": "dev", "paused": "true"},
    "dev-restored": {"stage": "dev", "table": "portal-dev-restored"},
    "dev-kept": {"stage": "dev", "file": "kept.json", "email": "said@example.com"},
}
"""And the smaller one after a change."""
KEPT: Final[Mapping[str, str]] = {
    "email": "kept@example.com",
    "origins": "https://kept.example.com",
}
"""What the stage's file says that one of them names."""
BUNDLES: Final = {"bundle": "bundle.zip", "insightsBundle": "insights.zip"}
"""What is in place of the bundles, by the names by which the app is told of them."""
FILES: Final = frozenset({*BUNDLES, "file"})
"""What of a context is a file, here in the folder of all templates."""
_DONE = "done"


class NodeMissing(Exception):
    """CDK needs Node, and there is none on this machine."""


class NotSynthesized(Exception):
    """The app ended with this instead of a template."""


@dataclass(frozen=True)
class Template:
    """One stack's template, with the output folder it is in."""

    folder: Path
    name: str

    @cached_property
    def content(self) -> dict[str, Any]:
        """The template as CloudFormation gets it."""
        text = (self.folder / f"{self.name}.template.json").read_text()
        content: dict[str, Any] = json.loads(text)
        return content

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / f"{self.name}.template.json"

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """The resources of a type, by their logical ids."""
        resources: dict[str, dict[str, Any]] = self.content["Resources"]
        return {name: one for name, one in resources.items() if one["Type"] == kind}

    def properties(self, kind: str, **known: object) -> list[dict[str, Any]]:
        """The properties of the resources of a type that have these values."""
        found = (one.get("Properties", {}) for one in self.of_type(kind).values())
        return [
            one for one in found if all(one.get(name) == value for name, value in known.items())
        ]

    def only(self, kind: str, **known: object) -> dict[str, Any]:
        """The properties of the one resource of a type that has these values."""
        (found,) = self.properties(kind, **known)
        return found

    @property
    def is_protected(self) -> bool:
        """Whether the stack refuses to be deleted."""
        manifest = json.loads((self.folder / "manifest.json").read_text())
        told = manifest["artifacts"][self.name]["properties"]
        return bool(told.get("terminationProtection", False))

    @property
    def stage(self) -> str:
        """The stage that it deploys."""
        return self.name.split("-")[1]

    def function(self, name: str) -> dict[str, Any]:
        """A function by its short name, such as api."""
        return self.only("AWS::Lambda::Function", FunctionName=f"portal-{self.stage}-{name}")

    def alias(self, name: str) -> dict[str, str]:
        """The reference to the alias of a function, by its short name."""
        (function,) = (
            logical_id
            for logical_id, one in self.of_type("AWS::Lambda::Function").items()
            if one["Properties"] == self.function(name)
        )
        (alias,) = (
            logical_id
            for logical_id, one in self.of_type("AWS::Lambda::Alias").items()
            if one["Properties"]["FunctionName"] == {"Ref": function}
        )
        return {"Ref": alias}

    def environment_of(self, function: str) -> dict[str, Any]:
        """The variables of a function; a value that only the deployment knows is an object."""
        variables: dict[str, Any] = self.function(function)["Environment"]["Variables"]
        return variables

    def statements_of(self, function: str) -> list[dict[str, Any]]:
        """What a function's role is allowed, statement by statement."""
        role = self.function(function)["Role"]["Fn::GetAtt"][0]
        return [
            statement
            for policy in self.properties("AWS::IAM::Policy")
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]

    def reports(self) -> list[Path]:
        """What cdk-nag reports, a file for each collection of rules."""
        return sorted(self.folder.glob(f"*--{self.name}-NagReport.csv"))

    def findings(self) -> Iterator[tuple[str, str]]:
        """What cdk-nag objects to: the rule, and the path of the construct in the stack."""
        for report in self.reports():
            with report.open(newline="") as lines:
                for row in csv.DictReader(lines):
                    if row["Compliance"] != "Compliant":
                        yield row["Rule ID"], row["Resource ID"].partition("/")[2]


def folder_of_now() -> Path:
    """Where the templates of the sources as they are lie; those of before are taken away."""
    files = [REPOSITORY / "uv.lock", Path(__file__)]
    for source in ("infra", "src/portal_api"):
        files += (REPOSITORY / source).rglob("*.py")
    digest = hashlib.sha256()
    for file in sorted(files):
        if "node_modules" not in file.parts:
            digest.update(file.read_bytes())
    folder = REPOSITORY / "build" / "templates" / digest.hexdigest()[:16]
    for other in folder.parent.glob("*") if folder.parent.is_dir() else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def synthesized(folder: Path) -> None:
    """Synthesizes all contexts below ``folder``, unless that was done; raises as ``app``."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / _DONE).exists():
            for name in (*BUNDLES.values(), "newer.zip"):
                with zipfile.ZipFile(folder / name, "w") as zipped:
                    zipped.writestr(zipfile.ZipInfo("handler.py"), f"handler = {name!r}\n")
            (folder / "kept.json").write_text(json.dumps(KEPT), "utf-8")
            _in_a_process("tests.infra.synth", str(folder), environment={})
            (folder / _DONE).touch()


def app(folder: Path, context: Mapping[str, str]) -> None:
    """Runs the app as its users do; raises ``NotSynthesized`` and ``NodeMissing``."""
    environment = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)}
    _in_a_process("infra.app", environment=environment)


def _in_a_process(module: str, *arguments: str, environment: Mapping[str, str]) -> None:
    if shutil.which("node") is None:
        raise NodeMissing("CDK needs Node 20 or newer on PATH: https://nodejs.org")
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotSynthesized(done.stderr[-3_000:])


def _main(folder: Path) -> None:
    """All contexts, each in a folder of its own, with what cdk-nag says."""
    import aws_cdk  # noqa: PLC0415 - Seconds, and a process of Node: for this process only.
    import cdk_nag  # noqa: PLC0415

    from infra.app import add_stacks  # noqa: PLC0415

    for name, context in {**CHECKED, **CHANGED}.items():
        files = {**BUNDLES, **{told: file for told, file in context.items() if told in FILES}}
        given = {**context, **{told: str(folder / file) for told, file in files.items()}}
        made = aws_cdk.App(outdir=str(folder / name), context=given, analytics_reporting=False)
        add_stacks(made)
        if name in CHECKED:
            for pack in (cdk_nag.AwsSolutionsChecks(), cdk_nag.NIST80053R5Checks()):
                aws_cdk.Aspects.of(made).add(pack)
        made.synth()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
