"""Which jobs does somebody mean? People cannot type a hundred characters with commas and parentheses.

A pattern is the whole name, as GitHub shows it with or without its workflow; a glob (`*`, `?`) over the whole name;
the number of a row in the list the bot showed last (`3`, `1-4`); or words that a name must contain. An alias of the
community stands for a pattern. Case does not matter. GitHub cuts a job's own part at 100 characters and ends it in
`...`; the uncut name is understood, too.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from fnmatch import translate
from functools import lru_cache

from msgspec import Struct

from chatops.errors import Refused

LEVEL = " / "
CUT = "..."
NEAREST = 3
LONGEST_SHOWN = 120
ROW = re.compile(r"#?([1-9][0-9]{0,2})(?:-#?([1-9][0-9]{0,2}))?")
NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
BLANKS = re.compile(r"\s+")
BETWEEN = re.compile(r"[\s/(),]+")
"""What stands between the words of a job's name."""
ALIKE = 0.7
"""How alike a word must be to one in a name to be shown for it."""


class Named(Struct, frozen=True, kw_only=True):
    """A job as people may name it."""

    name: str
    workflow: str = ""

    @property
    def full(self) -> str:
        """Return the name with its workflow before it, as the gate and the required list write it."""
        return f"{self.workflow}{LEVEL}{self.name}" if self.workflow else self.name


def meant(
    pattern: str,
    jobs: Sequence[Named],
    *,
    aliases: Mapping[str, str] | None = None,
    rows: Sequence[str] | None = None,
) -> list[Named]:
    """Return the jobs a pattern means, in their order; refuse it, with the nearest names, where it means none.

    `rows` are the names of the list the bot showed last, the first row first; none where no list can be meant.
    """
    wanted = BLANKS.sub(" ", pattern).strip()
    wanted = (aliases or {}).get(wanted.lower(), wanted)
    numbered = ROW.fullmatch(wanted)
    exact = [job for job in jobs if is_called(wanted, job)]
    if numbered and rows is not None and not exact:
        first, last = int(numbered.group(1)), int(numbered.group(2) or numbered.group(1))
        return _of_rows(first, last, rows, jobs)
    found = exact or [job for job in jobs if fits(wanted, job)]
    if not found:
        raise _no_such(pattern, jobs)
    return found


def all_meant(
    words: Sequence[str],
    jobs: Sequence[Named],
    aliases: Mapping[str, str] | None = None,
    rows: Sequence[str] | None = None,
) -> list[Named]:
    """Return the jobs that several patterns mean together; words that make up one whole name are that name."""
    whole = BLANKS.sub(" ", " ".join(words)).strip()
    exact = [job for job in jobs if is_called(whole, job)]
    if exact:
        return exact
    found = {job for word in words for job in meant(word, jobs, aliases=aliases, rows=rows)}
    return [job for job in jobs if job in found]


def _of_rows(first: int, last: int, rows: Sequence[str], jobs: Sequence[Named]) -> list[Named]:
    if not rows:
        raise Refused(
            "I have listed no jobs here yet, so there are no numbers. "
            "Say `/test ?` for a list, or name the job, or a part of its name.",
            reason="no_such_row",
        )
    if last < first:
        raise Refused(
            f"I found `{first}-{last}`; the smaller number comes first, as in `{last}-{first}`.",
            reason="no_such_row",
        )
    if last > len(rows):
        raise Refused(
            f"The last list has {len(rows)} rows, so there is no row {last}. Name the job, or a part of its name.",
            reason="no_such_row",
        )
    return [job for number in range(first, last + 1) for job in _of_row(number, rows, jobs)]


def _of_row(number: int, rows: Sequence[str], jobs: Sequence[Named]) -> list[Named]:
    name = rows[number - 1]
    found = [job for job in jobs if name in (job.name, job.full)]
    if not found:
        raise Refused(
            f"Row {number} was `{_shown(name)}`, and that is not there any more.",
            reason="no_such_row",
        )
    return found


def is_called(wanted: str, job: Named) -> bool:
    """Return whether this is a job's whole name, cut or not."""
    asked = wanted.lower()
    for name in (job.name.lower(), job.full.lower()):
        if asked == name or (name.endswith(CUT) and asked.startswith(name.removesuffix(CUT))):
            return True
    return False


def fits(wanted: str, job: Named) -> bool:
    """Return whether a pattern, or the words of a part of the name, mean a job."""
    name = job.full.lower()
    if any(sign in wanted for sign in "*?"):
        glob = _glob(wanted.lower())
        return glob.fullmatch(name) is not None or glob.fullmatch(job.name.lower()) is not None
    return all(word in name for word in wanted.lower().split())


@lru_cache(maxsize=128)
def _glob(pattern: str) -> re.Pattern[str]:
    """Compile a glob; only `*` and `?` are signs, for brackets are part of names."""
    return re.compile(translate(pattern.replace("[", "[[]")))


def _no_such(pattern: str, jobs: Sequence[Named]) -> Refused:
    hint = f" {_hint(pattern, jobs)}".rstrip()
    return Refused(f"No job here is called `{_shown(pattern)}`.{hint}", reason="no_such_job")


def _hint(pattern: str, jobs: Sequence[Named]) -> str:
    """Return what was probably meant: a pull request, names that are near, or words without a slip; else nothing."""
    wanted = pattern.strip()
    if NUMBER.fullmatch(wanted):
        return f"A pull request is named as `#{wanted}`."
    near = get_close_matches(pattern, [job.full for job in jobs], n=NEAREST, cutoff=0.3)
    if near:
        return f"Near to it: {', '.join(f'`{_shown(name)}`' for name in near)}."
    corrected = _corrected(wanted, jobs)
    return f"Did you mean `{_shown(corrected)}`?" if corrected else ""


def _corrected(wanted: str, jobs: Sequence[Named]) -> str:
    """Return a part of names with those words that are in none as they are probably spelt; nothing where none fits."""
    if any(sign in wanted for sign in "*?") or len(wanted) > LONGEST_SHOWN:
        return ""
    names = [job.full.lower() for job in jobs]
    words = {word for name in names for word in BETWEEN.split(name) if word}
    found = []
    for word in wanted.lower().split():
        is_there = any(word in name for name in names)
        near = [word] if is_there else get_close_matches(word, words, n=1, cutoff=ALIKE)
        found.append("".join(near))
    corrected = " ".join(found)
    return corrected if all(found) and any(fits(corrected, job) for job in jobs) else ""


def _shown(name: str) -> str:
    """Return a name that cannot end the code it is shown as."""
    plain = name.replace("`", "'")
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[: LONGEST_SHOWN - 1]}…"
