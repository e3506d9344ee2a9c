"""The CDK app: `python infra/app.py` with a context, as `npx cdk` runs it; see README.md."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aws_cdk import App

from infra.portal_infra.edge import EdgeStack
from infra.portal_infra.options import OptionError, kept_in, options_of
from infra.portal_infra.stack import portal_stack


def add_stacks(app: App) -> None:
    """Adds what the app's context asks for; raises ``OptionError``.

    What is said by ``-c`` goes before what the stage's ``file`` says.
    """
    file = app.node.try_get_context("file")
    kept = kept_in(Path(file)) if file else {}

    def said(name: str) -> object:
        now = app.node.try_get_context(name)
        return kept.get(name) if now is None else now

    options = options_of(said)
    portal_stack(app, options)
    if options.edge:
        EdgeStack(app, options, options.edge)


def main() -> None:
    """Synthesizes what the context asks for, or says what is wrong with it."""
    app = App(analytics_reporting=False)
    try:
        add_stacks(app)
    except OptionError as wrong:
        sys.exit(str(wrong))
    app.synth()


if __name__ == "__main__":
    main()
