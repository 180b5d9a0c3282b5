"""How the program speaks to its operator: one structured line per thing that happened, the libraries' lines as well."""

import logging
import sys
from asyncio import CancelledError

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_handler = logging.StreamHandler()
_handler.addFilter(lambda record: not _is_of_an_end(record))


def set_up_logs(form: str, *, brief: bool = False) -> None:
    """Write log lines to standard error, as JSON or for a person to read.

    `brief` is for a command that a person waits for: only what went wrong, and no traces.
    """
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[Processor] = [_in_a_word if brief else structlog.processors.format_exc_info]
    after.append(
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *before, *after],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.WARNING if brief else logging.INFO
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _handler.setStream(sys.stderr)
    _handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *after],
        )
    )
    root = logging.getLogger()
    if _handler not in root.handlers:
        root.addHandler(_handler)
        root.setLevel(logging.WARNING)


def _is_of_an_end(record: logging.LogRecord) -> bool:
    """Return whether a line only says that something was under way when the process was asked to stop."""
    return record.exc_info is not None and isinstance(record.exc_info[1], CancelledError)


def _in_a_word(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Say what kind of problem it was, in place of its trace."""
    trace = event.pop("exc_info", None)
    problem = sys.exc_info()[1] if trace is True else trace
    if isinstance(problem, tuple):
        problem = problem[1]
    if isinstance(problem, BaseException):
        event["problem"] = f"{type(problem).__name__}: {problem}"
    return event
