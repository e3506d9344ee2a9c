"""The log of this process: lines of JSON, without what a value could tell of people."""

import logging
import traceback
from pathlib import Path

from aws_lambda_powertools import Logger


class _WithoutMessages(logging.Filter):
    """Logs an exception as its type and its places in the code, and never with its message.

    A message may quote a value, and values may be people's.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets every record through, without the text of its exception."""
        error = record.exc_info[1] if record.exc_info else None
        record.exc_info = record.exc_text = None
        if error is not None:
            record.error = type(error).__name__
            frames = reversed(traceback.extract_tb(error.__traceback__))
            record.places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
        return True


def logger(stage: str) -> Logger:
    """The logger of this process; the modules' own loggers end in it, by their names."""
    made = Logger(service="portal_api", level="INFO", stage=stage)
    for known in made.handlers:
        if not any(isinstance(one, _WithoutMessages) for one in known.filters):
            known.addFilter(_WithoutMessages())
    return made
