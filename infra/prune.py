"""Deletes the functions' versions that nobody goes back to: ``python -m infra.prune STAGE``.

A deployment leaves the versions before it, for a way back, and the snapshot of each costs until it
is deleted. CloudFormation no longer knows them, so nothing else deletes them.
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any, Final

import boto3

from infra.portal_infra.options import STAGES

KEPT: Final = 3
"""Of each function: the one that is live after a deployment, and two to go back to."""


def prune(functions: Any, stage: str) -> Iterator[tuple[str, str]]:
    """Deletes all versions but the newest and those that an alias leads to; each as it is gone.

    ``functions`` is a client of Lambda.
    """
    for name in (f"portal-{stage}-{short}" for short in STAGES[stage].concurrency):
        listed = functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        numbers = [one["Version"] for page in listed for one in page["Versions"]]
        newest_first = sorted((int(one) for one in numbers if one.isdigit()), reverse=True)
        aliases = functions.get_paginator("list_aliases").paginate(FunctionName=name)
        live = {one["FunctionVersion"] for page in aliases for one in page["Aliases"]}
        for version in map(str, newest_first[KEPT:]):
            if version not in live:
                functions.delete_function(FunctionName=name, Qualifier=version)
                yield name, version


def main() -> None:
    """Prunes a stage's functions with the credentials and the region of the shell."""
    parser = argparse.ArgumentParser(prog="python -m infra.prune", description=__doc__)
    parser.add_argument("stage", choices=[*STAGES])
    for name, version in prune(boto3.client("lambda"), parser.parse_args().stage):
        sys.stdout.write(f"{name} {version} deleted\n")


if __name__ == "__main__":
    main()
