"""What would channels have been told, night by night, by these rules, or by others? The nights are the same.

Nothing is posted and nothing recorded: the rules are pure, so that the nights of a year are judged in a second.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

from msgspec import Struct

from chatops.answers.alerting import AlertTurn, Turn, results_of, turns_of_test
from chatops.answers.nights import NightBoard, Test
from chatops.answers.simulated_posts import Wants, digests_posted, night_messages
from chatops.config import AlertRules, Channel, Community

Hearing = tuple[Channel, Wants]
"""A channel, and whether it is about a job."""
LONG = 2
"""So many nights in a row are a streak that nobody should overlook, if the test is required."""


class Posts(Struct, frozen=True, kw_only=True):
    """What one channel would have been told: posts, mentions of people in them, and alerts that they tell of.

    Besides, and whatever the rules: `digests`, and a message for each of `nights`, of which `turns` were shown again.
    """

    channel: str
    posts: int
    mentions: int
    alerts: int
    digests: int = 0
    nights: int = 0
    turns: int = 0


class Simulated(Struct, frozen=True, kw_only=True):
    """What one set of rules would have done with some nights, each judged by what was required in it.

    `from_the_first` are those of `required` that had failed from the first night on, so that nobody knows when they
    began. `streaks` are the rows of at least two failed nights of required tests, `missed` those of them of which
    nobody would have been told while they lasted.
    """

    rules: AlertRules
    nights: int
    tests: int
    required_tests: int
    required: int
    from_the_first: int
    others: int
    changed: int
    closed: int
    streaks: int
    missed: int
    channels: tuple[Posts, ...]

    @property
    def required_a_night(self) -> float:
        """Return how many alerts of required tests there would have been in a night."""
        return self.required / self.nights if self.nights else 0.0


def simulated(
    board: NightBoard, rules: AlertRules, community: Community, channels: Sequence[Hearing]
) -> Simulated:
    """Return what rules would have done with the nights of a board."""
    turned = [(test, turn) for test in board.tests for turn in turns_of_test(test, rules)]
    counts = Counter((turn.turn, turn.required) for _, turn in turned)
    streaks = [_streaks(test, rules) for test in board.tests]
    return Simulated(
        rules=rules,
        nights=len(board.nights),
        tests=len(board.tests),
        required_tests=sum(
            any(map(test.was_required, range(len(board.nights)))) for test in board.tests
        ),
        required=counts[Turn.OPENED, True],
        from_the_first=sum(
            turn.turn is Turn.OPENED and turn.required and turn.since == len(board.nights) - 1
            for _, turn in turned
        ),
        others=counts[Turn.OPENED, False],
        changed=counts[Turn.CHANGED, True] + counts[Turn.CHANGED, False],
        closed=counts[Turn.CLOSED, True] + counts[Turn.CLOSED, False],
        streaks=sum(number for number, _ in streaks),
        missed=sum(missed for _, missed in streaks),
        channels=tuple(_posts(board, hearing, turned, community) for hearing in channels),
    )


def _posts(
    board: NightBoard,
    hearing: Hearing,
    turned: Sequence[tuple[Test, AlertTurn]],
    community: Community,
) -> Posts:
    """Return what a channel would have been told: one post for each workflow of a night that turned anything."""
    channel, wants = hearing
    calls = channel.alerts is not None and channel.alerts.mentions
    nights, turns = night_messages(board, channel, wants)
    posts: dict[tuple[int, str], list[tuple[Test, AlertTurn]]] = defaultdict(list)
    for test, turn in turned:
        if channel.hears_alerts and wants(test.name, turn.required):
            posts[turn.place, test.workflow].append((test, turn))
    mentions = sum(
        len(
            {
                owner.github or owner.fullname or owner.slack
                for test, turn in post
                if turn.turn is not Turn.CLOSED
                for group in community.owners_of(test.name)
                for owner in group.owners
            }
        )
        for post in (posts.values() if calls else ())
    )
    opened = sum(turn.turn is Turn.OPENED for post in posts.values() for _, turn in post)
    return Posts(
        channel=channel.title,
        posts=len(posts),
        mentions=mentions,
        alerts=opened,
        digests=digests_posted(board, channel, wants),
        nights=nights,
        turns=turns,
    )


def _streaks(test: Test, rules: AlertRules) -> tuple[int, int]:
    """Return how many rows of failed nights a test has that nobody should overlook, and of how many nobody was told."""
    turns = {turn.place: turn.turn for turn in turns_of_test(test, rules)}
    number = missed = row = 0
    is_open = was_told = False
    for result in [*results_of(test.cells, test.was_required), None]:
        if result is not None and result.fails:
            row = row + 1 if result.required else 0
            is_open = is_open or turns.get(result.place) is Turn.OPENED
            was_told = was_told or is_open
            continue
        if row >= LONG:
            number += 1
            missed += not was_told
        row, was_told = 0, False
        if result is not None and turns.get(result.place) is Turn.CLOSED:
            is_open = False
    return number, missed
