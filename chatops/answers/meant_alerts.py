"""Which of the alerts that are open does somebody mean?"""

from collections.abc import Sequence

from chatops.answers.job_words import Named, all_meant
from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.projections.alerts import Known, open_alerts

ALL = "all"


def meant_alerts(words: Sequence[str], knowledge: Knowledge) -> list[Known]:
    """Return the open alerts that some words mean, all of them for `all`; refuse where there is none.

    Each word is what an alert is about, a part of it or a pattern; one alone need not be named.
    """
    there = open_alerts(knowledge.db, knowledge.community.key)
    if not there:
        raise Refused("Nothing is alerted of now.", reason="as_it_is")
    if not words and len(there) > 1:
        raise Refused(
            f"Which of the {len(there)} alerts? Say what it is about, or `all`; `alerts` lists them.",
            reason="usage",
        )
    if not words or (len(words) == 1 and words[0].lower() == ALL):
        return there
    by_name = {one.alert.subject: one for one in there}
    jobs = [Named(name=subject) for subject in by_name]
    named = all_meant(words, jobs, knowledge.community.job_aliases)
    return [by_name[one.name] for one in named]
