"""What a community says of itself: the keys of the configuration file, each with what it means."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from msgspec import Struct, field, structs

from chatops.config.alerts import AlertRules, Operators
from chatops.config.channels import Channel
from chatops.config.saying import number, said, team
from chatops.names import Repo

MEMBER = re.compile(r"[UW][A-Z0-9]{4,}")
"""How Slack writes the id of a member."""

SITE = r"\Ahttps?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?\Z"
"""A site as a browser's policy names it: no path, and `*` for any host below one."""

WEB_ADDRESS = r"\Ahttps?://[^\s/]+(/\S*)?\Z"


@lru_cache(maxsize=512)
def expression(regex: str) -> re.Pattern[str]:
    """Compile a regular expression; JavaScript's way to name a group is understood."""
    return re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", regex))


def is_expression(regex: str) -> bool:
    """Return whether a text is a regular expression."""
    try:
        expression(regex)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


class NightlyWorkflow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A workflow that runs by the clock on the base branch; each scheduled run of it is a night."""

    name: Annotated[
        str,
        said("The workflow's name as GitHub shows it.", example="Nightly CI", at_least=1),
    ]
    file: Annotated[
        str,
        said(
            "Its file's name in `.github/workflows`.",
            example="ci-nightly.yaml",
            pattern=r"\A[^/\s]+\.ya?ml\Z",
        ),
    ]
    repository: Annotated[
        str,
        said("The repository it runs in; by default the community's first.", example="acme/engine"),
    ] = ""
    cadence: Annotated[Literal["daily", "weekdays", "weekly"], said("How often it runs.")] = "daily"
    hour: Annotated[int, number("The hour, UTC, at which it starts.", lowest=0, highest=23)] = 0


class GatekeeperFile(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="source",
    tag="gatekeeper-file",
):
    """The required checks are in a file of the repository: names, and paths that need them."""

    path: Annotated[str, said("Where the file is.", example="ci/required-tests.yaml", at_least=1)]
    branch: Annotated[str, said("The branch it is read from.", example="main", at_least=1)] = "main"


class BranchRules(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="source",
    tag="branch-rules",
):
    """The required checks are those of GitHub's branch protection or rulesets."""

    branch: Annotated[str, said("The branch whose rules count.", example="main", at_least=1)] = (
        "main"
    )


class Practice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a test is good enough to be required, and when a required one is broken for too long."""

    nights: Annotated[
        int,
        number(
            "How many nights in a row a test passes at the first attempt before it may become required.",
            lowest=1,
            highest=30,
        ),
    ] = 10
    nights_again: Annotated[
        int,
        number("The same for a test that was required before.", lowest=1, highest=30),
    ] = 2
    working_days: Annotated[
        int,
        number(
            "How many working days, Monday to Friday, a required test may be broken before it should leave the list.",
            lowest=1,
            highest=30,
        ),
    ] = 1


class Gate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a pull request must pass before it is merged."""

    workflow: Annotated[
        str,
        said(
            "The workflow that waits for the required checks, as GitHub shows it; it is run again "
            "after what it waits for. Leave it out where GitHub itself is the gate.",
            example="Gatekeeper",
        ),
    ] = ""
    checks: Annotated[
        GatekeeperFile | BranchRules | None,
        said(
            "Where the list of required checks comes from; "
            "by default nowhere, and no check counts as required."
        ),
    ] = None
    practice: Annotated[
        Practice,
        said(
            "By which rules people here change that list; the dashboard proposes, and changes nothing."
        ),
    ] = field(default_factory=Practice)


class Owner(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who looks after jobs."""

    github: Annotated[str, said("GitHub login.", example="mona")] = ""
    fullname: Annotated[str, said("Name, as people read it.", example="Mona")] = ""
    slack: Annotated[str, said("Name in Slack, as people read it.", example="mona")] = ""
    slackurl: Annotated[
        str,
        said(
            "Address of the profile in Slack; its last part is the member's id.",
            example="https://acme.slack.com/team/U0123456789",
        ),
    ] = ""
    email: Annotated[str, said("E-mail address; the bot sends none.")] = ""


class OwnerGroup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The people who look after the jobs whose names match an expression."""

    regex: Annotated[
        str,
        said(
            "Searched anywhere in a job's name; every group that matches counts.",
            example="s390x|zvsi",
            expected="a regular expression",
            at_least=1,
            extra={"check": is_expression},
        ),
    ]
    group: Annotated[str, said("The group's name.", example="Arch-s390x", at_least=1)]
    owners: Annotated[tuple[Owner, ...], said("Its people; a group without any is unowned.")] = ()

    def owns(self, job_name: str) -> bool:
        """Return whether this group looks after a job."""
        return expression(self.regex).search(job_name) is not None


class MaintainersFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of its own beside the configuration, for the people who keep it."""

    mappings: Annotated[tuple[OwnerGroup, ...], said("Who looks after what.")]


class Trust(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may spend runner hours."""

    label: Annotated[
        str,
        said("The label with which a maintainer lets the tests of a pull request run.", at_least=1),
    ] = "ok-to-test"
    retest_role: Annotated[
        # Not "read": on a public repository everybody has that.
        Literal["triage", "write", "maintain", "admin"],
        said("The lowest GitHub role that may run tests again."),
    ] = "write"
    status: Annotated[
        str,
        said(
            "The commit status in which `/ok-to-test` says for which commit the tests were let in.",
            at_least=1,
        ),
    ] = "chatops/ok-to-test"
    adds_label: Annotated[
        bool,
        said(
            "Whether `/ok-to-test` adds the label as well, and `/ok-to-test cancel` takes it off: "
            "needed as long as the workflows read the label and not the status."
        ),
    ] = False
    waiting_label: Annotated[
        str,
        said(
            "The label of pull requests that wait to be let in; where `/ok-to-test` adds its label, "
            "it takes this one off, and `cancel` puts it back. By default there is none.",
            example="needs-ok-to-test",
        ),
    ] = ""
    override_needs_reason: Annotated[
        bool,
        said(
            "Whether `/override` wants a reason after the names of the statuses; "
            "without, every word has to be such a name."
        ),
    ] = True
    again_after_push: Annotated[
        bool,
        said(
            "Whether a push by somebody from outside needs `/ok-to-test` again: the label is taken off, "
            "and what the push started with rights of the repository is stopped."
        ),
    ] = False
    approves_runs: Annotated[
        bool,
        said(
            "Whether `/ok-to-test` also approves the workflow runs of its commit that GitHub holds back "
            "because they come from a fork."
        ),
    ] = False
    author_after_label: Annotated[
        bool,
        said("Whether the author may, too, once the label is there, or the commit was let in."),
    ] = True
    retests_per_sha: Annotated[
        int,
        number(
            "How often an author may have the tests of one commit run again; for others there is no limit.",
            lowest=1,
            highest=50,
        ),
    ] = 3


NAMED = r"\A[A-Za-z0-9-]{1,39}(/[A-Za-z0-9._-]{1,100})?\Z"
"""A login, or a team of the repository's organization."""

TOP_OWNERS = "top-owners"
"""Those who own the top folder of a repository."""

Named = Annotated[
    str,
    said("", expected="a login, or organization/team", example="acme/releasers", pattern=NAMED),
]
"""Somebody who is named instead of having a role."""


class RestrictedLabel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A label that only certain people put on and take off through the bot."""

    label: Annotated[str, said("The label.", example="release-blocker", at_least=1)]
    people: Annotated[
        tuple[Named, ...],
        said("Who may: logins, and teams of the organization.", at_least=1),
    ]


class Labels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What labels mean here, and what they set off."""

    prefixes: Annotated[
        tuple[
            Annotated[
                str,
                said(
                    "",
                    expected="lower-case letters, digits and -",
                    example="area",
                    pattern=r"\A[a-z][a-z0-9-]{0,30}\Z",
                ),
            ],
            ...,
        ],
        said(
            "Words that are commands of their own: with `area`, `/area agent` means the label `area/agent`."
        ),
    ] = ()
    one_at_a_time: Annotated[
        tuple[str, ...],
        said(
            "Those of `prefixes` of which there is one label at most: another takes its place, "
            "and two at once are refused.",
            example="stage",
        ),
    ] = ()
    hold: Annotated[
        str, said("The label that keeps a pull request from being merged.", at_least=1)
    ] = "do-not-merge"
    help_wanted: Annotated[
        str, said("The label of issues that anybody is welcome to take on.", at_least=1)
    ] = "help wanted"
    good_first_issue: Annotated[
        str, said("The label of those that are good to begin with.", at_least=1)
    ] = "good first issue"
    help_is_a_label: Annotated[
        bool,
        said(
            "Whether `/help` asks for the label of `help_wanted`, as people who come from Prow know it; "
            "`/commands` then says what one can ask for."
        ),
    ] = False
    restricted: Annotated[
        tuple[RestrictedLabel, ...],
        said("Labels that only certain people put on and take off through the bot."),
    ] = ()
    whole: Annotated[
        tuple[str, ...],
        said(
            "The labels that `/label` and `/remove-label` may name, those of `restricted` besides; "
            "empty are all that the repository has. What has a prefix of `prefixes` has a command of its own."
        ),
    ] = ()
    restart_ci: Annotated[
        bool,
        said(
            "Whether any label starts the CI of a pull request again once its tests were let in; "
            "the bot then asks before it adds one."
        ),
    ] = False


LeastRole = Literal["anyone", "triage", "write", "maintain", "admin"]
"""What may be asked of those who say a command."""


class Exceptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different in one of a community's repositories."""

    commands_off: Annotated[
        tuple[str, ...], said("Commands that are not heard there either, by their names.")
    ] = ()
    who_may: Annotated[
        Mapping[str, LeastRole],
        said(
            "Who may say a command there, in the words of the community's own `who_may`; "
            "what is not named is as in the community."
        ),
    ] = field(default_factory=dict)


class Approvals(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people say here that a change is good: `/lgtm` for a commit, `/approve` for the files one owns."""

    owners: Annotated[
        Literal["none", "owners", "codeowners"],
        said(
            "Which files of a repository say who may approve what: its OWNERS files, its CODEOWNERS, "
            "or none, and there is nothing to approve."
        ),
    ] = "none"
    branch: Annotated[str, said("The branch they are read from.", example="main", at_least=1)] = (
        "main"
    )
    lgtm_status: Annotated[
        str, said("The commit status that shows an `/lgtm`; empty shows none.")
    ] = "chatops/lgtm"
    approved_status: Annotated[
        str,
        said("The commit status that shows whether every owner has approved; empty shows none."),
    ] = "chatops/approved"
    lgtm_label: Annotated[
        str,
        said("A label that shows an `/lgtm`, too. Leave it out where labels start the CI again."),
    ] = ""
    approved_label: Annotated[
        str,
        said(
            "A label that shows that all is approved. Leave it out where labels start the CI again."
        ),
    ] = ""
    keep_lgtm: Annotated[
        bool, said("Whether an `/lgtm` still counts after a push; else it was for one commit.")
    ] = False
    keep_lgtm_of: Annotated[
        tuple[Named, ...],
        said(
            "Whose pull requests keep an `/lgtm` after a push: logins, and teams as `organization/team`; "
            "it is asked when somebody says it."
        ),
    ] = ()
    keep_lgtm_of_same_files: Annotated[
        bool,
        said(
            "Whether an `/lgtm` still counts after a push that leaves every file as it was, such as one that only "
            "puts commits together or words them anew; GitHub is asked for the trees of both commits."
        ),
    ] = False
    lgtm_assigns: Annotated[
        bool,
        said(
            "Whether `/lgtm` makes who says it responsible, too; with `cancel`, those whose word that takes back "
            "are asked for a review again."
        ),
    ] = False
    review_acts_as_lgtm: Annotated[
        bool,
        said(
            "Whether GitHub's own review counts: approving is `/lgtm`, requesting changes cancels it."
        ),
    ] = False
    review_acts_as_approve: Annotated[
        bool,
        said(
            "Whether GitHub's own review counts: approving is `/approve`, requesting changes cancels it."
        ),
    ] = False
    lgtm_acts_as_approve: Annotated[
        bool, said("Whether an owner's `/lgtm` approves their files, too.")
    ] = False
    authors_approve: Annotated[
        bool,
        said("Whether authors who own the files they change have approved them by changing them."),
    ] = False
    issue_required: Annotated[
        bool,
        said(
            "Whether a pull request is approved only if its title or text names an issue, "
            "or an owner says `/approve no-issue`."
        ),
    ] = False


class Merging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `/merge` does; GitHub's own rules decide when, and whether at all."""

    by: Annotated[
        Literal["auto-merge", "merge-queue"],
        said("GitHub's auto-merge, which waits for what is required, or its merge queue."),
    ] = "auto-merge"
    method: Annotated[
        Literal["merge", "squash", "rebase"],
        said("How auto-merge merges; a merge queue has a method of its own."),
    ] = "merge"
    pick_labels: Annotated[
        str,
        said(
            "What labels begin with that ask for `/cherry-pick`: with `cherrypick/`, whoever puts on "
            "`cherrypick/stable` asks for a pick to `stable`. Empty are none.",
            example="cherrypick/",
        ),
    ] = ""


Facet = Annotated[
    str,
    said(
        "",
        expected="a word of lower-case letters, digits and - that filters do not have already",
        example="arch",
        pattern=r"\A(?!(status|required|owner|group|flaky|changed|is|suite|tree|none)\Z)[a-z][a-z0-9-]{0,19}\Z",
    ),
]
"""What tests can be told apart by, besides what is known of every test."""

FacetValue = Annotated[
    str,
    said("", expected="a word without blanks", example="s390x", pattern=r"\A[^\s,:\"/]{1,40}\Z"),
]


class Community(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of people with repositories, a CI and a way of working."""

    title: Annotated[str, said("What people call it.", example="Acme Engine", at_least=1)]
    repositories: Annotated[
        tuple[
            Annotated[
                Repo,
                said(
                    "",
                    expected="owner/name",
                    example="acme/engine",
                    pattern=r"\A[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}\Z",
                ),
            ],
            ...,
        ],
        said(
            "Its repositories, `owner/name`; the first is meant where none is named.",
            expected="a list of owner/name with at least one",
            at_least=1,
        ),
    ]
    key: Annotated[str, said("", extra={"is_key": True})] = ""
    private: Annotated[
        bool,
        said(
            "Whether its pages and answers are only for people who can see all of its repositories on GitHub. "
            "Without it they are for those who can see the repositories that GitHub says are private.",
        ),
    ] = False
    slash_command: Annotated[
        str,
        said(
            "Its slash command in Slack; without one it is not heard there.",
            example="/acme",
            expected="/ and then at most 31 lower-case letters, digits, - or _",
            pattern=r"\A/[a-z0-9_-]{1,31}\Z",
        ),
    ] = ""
    slack_workspace: Annotated[
        str,
        said(
            "The host of its workspace in Slack; owners whose profile is in another workspace are named there, "
            "and not called. By default whoever has a profile is called.",
            example="acme.slack.com",
            expected="a host name such as acme.slack.com",
            pattern=r"\A[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+\Z",
        ),
    ] = ""
    slack_team: Annotated[
        str,
        team(
            "The id of its workspace in Slack, where the bot is in several: its channels are there, and its owners "
            "are called there and nowhere else."
        ),
    ] = ""
    nightly: Annotated[
        tuple[NightlyWorkflow, ...], said("Its nightly workflows, the most important first.")
    ] = ()
    gate: Annotated[Gate | None, said("What a pull request must pass.")] = None
    maintainers: Annotated[
        tuple[OwnerGroup, ...],
        said(
            "Who looks after which jobs: the list, or the path of a file beside this one "
            "with the list under `mappings`.",
            extra={"file": MaintainersFile},
        ),
    ] = ()
    ping_hours: Annotated[
        int,
        number(
            "How many hours must pass before `/ping` calls a group again in the same place.",
            lowest=1,
            highest=720,
        ),
    ] = 24
    trust: Annotated[Trust, said("Who may spend runner hours.")] = field(default_factory=Trust)
    labels: Annotated[Labels, said("What labels mean and set off.")] = field(default_factory=Labels)
    approvals: Annotated[Approvals, said("How people say that a change is good.")] = field(
        default_factory=Approvals
    )
    merging: Annotated[Merging, said("What `/merge` does.")] = field(default_factory=Merging)
    commands_off: Annotated[
        tuple[str, ...], said("Commands that are not heard here, by their names.")
    ] = ()
    who_may: Annotated[
        Mapping[str, LeastRole],
        said(
            "Who may say a command, where that is not as docs/commands.md has it: "
            "under the command's name the lowest GitHub role, or `anyone`."
        ),
    ] = field(default_factory=dict)
    also_may: Annotated[
        Mapping[str, tuple[Named, ...]],
        said(
            "Who may say a command, too, whatever their role: under the command's name logins, teams as "
            f"`organization/team`, and `{TOP_OWNERS}` for those who own the top folder."
        ),
    ] = field(default_factory=dict)
    exceptions: Annotated[
        Mapping[str, Exceptions],
        said(
            "What is different in single repositories, under their names, "
            "as in `acme/docs: {commands_off: [retest]}`."
        ),
    ] = field(default_factory=dict)
    patience_minutes: Annotated[
        int,
        number(
            "After how many minutes without a word the bot says what a request waits for.",
            lowest=1,
            highest=120,
        ),
    ] = 5
    job_aliases: Annotated[
        Mapping[str, str],
        said(
            "Short words for jobs, each with the name or pattern it stands for, as in `snp: '*sev-snp*'`; "
            "for `/override` also for the name of a commit status."
        ),
    ] = field(default_factory=dict)
    channels: Annotated[
        Mapping[
            Annotated[
                str,
                said(
                    "",
                    expected="the id of a channel in Slack",
                    example="C0123456789",
                    pattern=r"\A[CG][A-Z0-9]{3,}\Z",
                ),
            ],
            Channel,
        ],
        said(
            "The channels in Slack that hear of the nights by themselves, each under its id: "
            "of which jobs, and when."
        ),
    ] = field(default_factory=dict)
    alert_rules: Annotated[
        AlertRules, said("When something is wrong for so long that channels are told of it.")
    ] = field(default_factory=AlertRules)
    facets: Annotated[
        Mapping[Facet, Mapping[FacetValue, str]],
        said(
            "What the names of jobs tell, for filters and groups of the dashboard: under a word such as `arch` "
            "its values, each with the words in a name that mean it, as in `arch: {s390x: s390x zvsi, arm64: arm64}`. "
            "The first of them is the top of the tree."
        ),
    ] = field(default_factory=dict)
    links: Annotated[
        Mapping[
            str,
            Annotated[
                str,
                said(
                    "",
                    expected="a web address",
                    example="https://acme.example/ci",
                    pattern=WEB_ADDRESS,
                ),
            ],
        ],
        said("Addresses to show in the dashboard, by their title."),
    ] = field(default_factory=dict)
    embedded_in: Annotated[
        tuple[
            Annotated[
                str,
                said(
                    "",
                    expected="a site: https:// and a host, without a path",
                    example="https://acme.example",
                    pattern=SITE,
                ),
            ],
            ...,
        ],
        said(
            "The sites that may show its pages in a frame, by the addresses under `/embed/`; by default none."
        ),
    ] = ()

    def within(self, repo: str) -> Self:
        """Return the community as it is in one of its repositories; GitHub's names do not mind their case."""
        found = [rule for name, rule in self.exceptions.items() if name.lower() == repo.lower()]
        if not found:
            return self
        return structs.replace(
            self,
            commands_off=(*self.commands_off, *found[0].commands_off),
            who_may={**self.who_may, **found[0].who_may},
        )

    def repository_of(self, workflow: NightlyWorkflow) -> Repo:
        """Return where a nightly workflow runs."""
        return Repo(workflow.repository) if workflow.repository else self.repositories[0]

    def owners_of(self, job_name: str) -> tuple[OwnerGroup, ...]:
        """Return every group that looks after a job."""
        return tuple(group for group in self.maintainers if group.owns(job_name))

    def member_of(self, owner: Owner) -> str:
        """Return an owner's member id in this community's Slack; nothing if they are not known to be there."""
        elsewhere = self.slack_workspace and _host(owner.slackurl) != self.slack_workspace
        return "" if elsewhere else slack_member(owner) or ""

    def is_at_home(self, team: str) -> bool:
        """Return whether a workspace in Slack is its own, as far as is known."""
        return self.slack_team in ("", team)

    def dirty(self) -> tuple[str, ...]:
        """Return a sentence for each entry about an owner that is kept but cannot be meant so."""
        return tuple(
            f"{group.group}: {owner.github or owner.fullname or 'somebody'}: {oddity}"
            for group in self.maintainers
            for owner in group.owners
            for oddity in _oddities(owner)
        )


class Configuration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    communities: Annotated[
        Mapping[
            Annotated[
                str,
                said(
                    "",
                    expected="a key of lower-case letters, digits and -",
                    example="acme",
                    pattern=r"\A[a-z][a-z0-9-]{0,39}\Z",
                ),
            ],
            Community,
        ],
        said(
            "Each community under a short key, which is its part of the dashboard's addresses.",
            expected="a mapping with at least one community",
            at_least=1,
        ),
    ]
    default: Annotated[
        str, said("The key of the community that `/` shows; by default the first.", example="acme")
    ] = ""
    operators: Annotated[
        Operators, said("Where those who run the bot hear that it does not work, and when.")
    ] = field(default_factory=Operators)
    redirects: Annotated[
        Mapping[
            Annotated[
                str,
                said(
                    "",
                    expected="a path such as /old",
                    example="/old",
                    pattern=r"\A(/[A-Za-z0-9._~-]+)+\Z",
                ),
            ],
            Annotated[
                str,
                said(
                    "",
                    expected="a path of this service, with what it asks for",
                    example="/acme/nightly?q=engine",
                    pattern=r"\A/(?!/)[^\s\\]*\Z",
                ),
            ],
        ],
        said(
            "Addresses that an older dashboard had, each with the one it leads to now; "
            "what stands there hides a page of the same address."
        ),
    ] = field(default_factory=dict)

    @property
    def default_community(self) -> Community:
        """The community that is meant where none is named."""
        return self.communities[self.default or next(iter(self.communities))]

    def community_of(self, repo: str) -> Community | None:
        """Return the community a repository belongs to; GitHub's names do not mind their case."""
        return self._first(
            lambda community: repo.lower() in (known.lower() for known in community.repositories)
        )

    def community_for_slash(self, command: str) -> Community | None:
        """Return the community that a slash command speaks to."""
        return self._first(
            lambda community: bool(command) and community.slash_command == command.lower()
        )

    def _first(self, fits: Callable[[Community], bool]) -> Community | None:
        return next(filter(fits, self.communities.values()), None)


def slack_member(owner: Owner) -> str | None:
    """Return an owner's member id in Slack, however the address before it is written."""
    last = owner.slackurl.rstrip("/").rpartition("/")[2]
    return last if MEMBER.fullmatch(last) else None


def _host(address: str) -> str:
    """Return the host in an address, however that is written."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _oddities(owner: Owner) -> list[str]:
    found = []
    if owner.email and ("://" in owner.email or "@" not in owner.email):
        found.append("found something else in place of an e-mail address")
    if owner.slackurl and not _is_web_address(owner.slackurl):
        found.append(f"found {owner.slackurl!r} as address in Slack, expected https://…")
    if owner.slackurl and slack_member(owner) is None:
        found.append(
            f"found {owner.slackurl!r} as address in Slack, which does not end in a member's id"
        )
    if owner.github and not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})", owner.github):
        found.append(f"found {owner.github!r} as GitHub login")
    if not owner.github and slack_member(owner) is None:
        found.append("found neither a GitHub login nor a Slack member's id, so nobody can be told")
    return found


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
