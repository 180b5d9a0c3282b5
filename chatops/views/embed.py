"""A page without its chrome, for a frame on somebody else's page.

It is made from the page as everybody gets it: the menu, forms and what a filter has hidden are left out, links lead to
the whole page in a window of their own, and below stands how old the data is. Which sites may show it, the community's
configuration says.
"""

import re
from collections.abc import Mapping

from chatops.engine.command import Knowledge
from chatops.projections.freshness import last_heard
from chatops.views.page import asset_url, fragment

THEMES = ("light", "dark")
LEFT_OUT = re.compile(
    r'<a class="skip".*?</a>\n?'
    r'|<header class="top">.*?</header>\n?'
    r'|<footer class="foot">.*?</footer>\n?'
    r"|<form\b.*?</form>\n?"
    r"|<script\b.*?</script>\n?"
    r'|<link rel="(?:alternate|canonical)"[^>]*>\n?'
    r'|<details class="help">.*?</details>\n?'
    r"|<tr hidden>.*?</tr>\n?"
    r'|<details class="group[^>]* hidden>.*?</details>\n?',
    re.DOTALL,
)
"""Outside text is escaped in our pages, so none of it looks like this."""
ROOT = '<html lang="en">'


def embedded(page: str, place: str, query: Mapping[str, str], knowledge: Knowledge) -> str:
    """Return a page for a frame. `place` is the whole page's address within its community."""
    community = knowledge.community
    whole = f"/{community.key}/{place}"
    bare = LEFT_OUT.sub("", page)
    if (theme := query.get("theme", "")) in THEMES:
        bare = bare.replace(ROOT, f'<html lang="en" data-theme="{theme}">', 1)
    heard_at = last_heard(knowledge.db, community.repositories)
    foot = fragment("_embed.html", "foot", community.title, whole, heard_at, knowledge.now)
    head = fragment("_embed.html", "head", whole, asset_url("embed.js"))
    return bare.replace("</head>", f"{head}</head>", 1).replace("</body>", f"{foot}</body>", 1)
