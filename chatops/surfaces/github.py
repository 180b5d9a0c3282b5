"""GitHub: verified deliveries become facts, and comments become requests; replies become comments.

The sender's text is only ever data. A delivery is verified on its raw bytes before anything is parsed.
"""

import hmac
import re
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from zlib import crc32

import structlog
from msgspec import Struct

from chatops.config import Community, Configuration
from chatops.engine.answer import Answer, shortened
from chatops.engine.deliveries import Delivery
from chatops.engine.log import Batch
from chatops.engine.vocabulary import Vocabulary
from chatops.errors import BadInput
from chatops.events import Fact
from chatops.events.conversation import CommandReceived
from chatops.intake.webhooks import Comment, Heard, payload_of, translate
from chatops.names import CommandId
from chatops.ports import GitHub
from chatops.surfaces.comment_words import Spoken, newly_spoken
from chatops.views.markdown import LIMIT, render_markdown

logger = structlog.get_logger(__name__)

SURFACE = "github"
MARKER = "<!-- chatops:"
"""What our own comments begin with; we never hear ourselves."""

LGTM, APPROVE, CANCEL = "lgtm", "approve", "cancel"
PICK = "cherry-pick"
IMPLIED: Mapping[str, tuple[str, ...]] = {"approved": (), "changes_requested": (CANCEL,)}
"""What a review asks for by what it found: nothing after the verb, or that it be cancelled."""

_EVENT = re.compile(rb"[a-z][a-z0-9_]{0,63}")
_GUID = re.compile(rb"[0-9A-Za-z-]{1,100}")
_SIGNATURE = re.compile(rb"sha256=([0-9a-f]{64})")


class Turned(Struct, frozen=True):
    """A delivery that is not let in: the status to answer with, and a sentence for its sender."""

    status: HTTPStatus
    text: str


def is_signed(secrets: Sequence[bytes], signature: bytes | None, body: bytes) -> bool:
    """Return whether one of the secrets signed these bytes, by SHA-256 only."""
    found = _SIGNATURE.fullmatch(signature or b"")
    if found is None:
        return False
    given = found.group(1)
    matches = [
        hmac.compare_digest(hmac.digest(secret, body, "sha256").hex().encode(), given)
        for secret in secrets
    ]
    return any(matches)


def _is_utf8(body: bytes) -> bool:
    """Return whether a body is text as JSON has it; a translator does not look at what it skips."""
    try:
        return body.isascii() or bool(body.decode())
    except UnicodeDecodeError:
        return False


class Door:
    """Lets GitHub's deliveries in: verifies, translates, and hears what people ask for in comments."""

    def __init__(
        self,
        secrets: Sequence[bytes],
        configuration: Configuration,
        vocabularies: Mapping[str, Vocabulary],
    ) -> None:
        self._secrets = secrets
        self._configuration = configuration
        self._vocabularies = vocabularies

    def open(self, headers: dict[bytes, bytes], body: bytes) -> Batch | Turned:
        """Return what a delivery wants recorded, or why it is turned away."""
        if not is_signed(self._secrets, headers.get(b"x-hub-signature-256"), body):
            return Turned(
                HTTPStatus.UNAUTHORIZED,
                "X-Hub-Signature-256 is missing or does not match; the webhook's secret must be one of ours.",
            )
        event, guid = headers.get(b"x-github-event", b""), headers.get(b"x-github-delivery", b"")
        if not _EVENT.fullmatch(event):
            return Turned(
                HTTPStatus.BAD_REQUEST, "X-GitHub-Event is missing or is no event's name."
            )
        if not _GUID.fullmatch(guid):
            return Turned(
                HTTPStatus.BAD_REQUEST, "X-GitHub-Delivery is missing or is no delivery's id."
            )
        if not _is_utf8(body):
            return Turned(HTTPStatus.BAD_REQUEST, "body: found bytes that are no UTF-8.")
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        delivery = Delivery(guid=guid.decode(), event=event.decode(), body=body)
        heard = Heard(facts=())
        try:
            heard = translate(delivery.event, delivery.guid, payload_of(content_type, body))
            facts = (*heard.facts, *self._asked(heard, delivery.guid))
        except BadInput as problem:
            return Turned(HTTPStatus.BAD_REQUEST, str(problem))
        except Exception:
            logger.exception(
                "delivery not understood", delivery=delivery.guid, github_event=delivery.event
            )
            facts = heard.facts
        return Batch(facts=facts, delivery=delivery)

    def _asked(self, heard: Heard, guid: str) -> list[Fact]:
        comment = heard.comment
        if comment is None:
            return []
        return asked(comment, self._configuration, self._vocabularies, guid, heard.facts)


def asked(
    comment: Comment,
    configuration: Configuration,
    vocabularies: Mapping[str, Vocabulary],
    guid: str,
    because_of: Sequence[Fact],
) -> list[Fact]:
    """Return the requests a comment makes. Only people are heard, and only what is new."""
    community = configuration.community_of(comment.repo)
    if (
        community is None
        or comment.author_is_bot
        or comment.action not in ("created", "edited", "submitted", "opened", "labeled")
        or MARKER in comment.text
    ):
        return []
    previous = comment.previous_text if comment.action == "edited" else ""
    seconds = int(comment.updated_at.timestamp()) if comment.updated_at else 0
    vocabulary = vocabularies[community.key].within(comment.repo)
    if comment.place == "label":
        spoken_words, implied = [], _labelled(comment, community, vocabulary)
    else:
        spoken_words = newly_spoken(comment.text, previous, vocabulary.hears)
        implied = _implied(comment, community, vocabulary, {one.verb for one in spoken_words})
    facts = []
    for order, spoken in [*enumerate(spoken_words), *implied]:
        command = CommandId(
            f"command/{SURFACE}/{comment.place}/{comment.comment_id}/{seconds}/{order}"
        )
        received = CommandReceived(
            command=command,
            community=community.key,
            surface=SURFACE,
            verb=spoken.verb,
            words=tuple(spoken.words),
            said=spoken.said,
            by=comment.sender,
            repo=comment.repo,
            number=comment.number,
            on_issue=not comment.is_pull,
            comment_id=comment.comment_id if comment.place == "comment" else 0,
            association=comment.association if comment.sender == comment.author else "",
            implied=isinstance(order, str),
            said_at=comment.updated_at,
        )
        facts.append(
            Fact(
                event=received,
                source="github",
                actor=comment.sender,
                correlation_id=command,
                causation_id=because_of[0].id if because_of else None,
            )
        )
    logger.info("heard", delivery=guid, commands=[fact.correlation_id for fact in facts])
    return facts


def _implied(
    comment: Comment, community: Community, vocabulary: Vocabulary, said: Collection[str]
) -> list[tuple[str, Spoken]]:
    """Return the requests that a review makes by what it found, where it counts; what it says in words comes first."""
    if comment.place != "review" or comment.action != "submitted":
        return []
    words = IMPLIED.get(comment.state)
    counts = {
        LGTM: community.approvals.review_acts_as_lgtm,
        APPROVE: community.approvals.review_acts_as_approve,
    }
    return [
        (verb, Spoken(verb, words, 0))
        for verb, does_count in counts.items()
        if words is not None
        and does_count
        and vocabulary.meaning(verb) is not None
        and not {verb, f"remove-{verb}"} & set(said)
    ]


def _labelled(
    comment: Comment, community: Community, vocabulary: Vocabulary
) -> list[tuple[str, Spoken]]:
    """Return the request that a label stands for, where it counts: that the change goes to the branch it names."""
    start = community.merging.pick_labels
    branch = comment.text.removeprefix(start)
    if not start or not branch or branch == comment.text or vocabulary.meaning(PICK) is None:
        return []
    # Several labels may come within one second, and each is a request of its own.
    order = f"{PICK}/{crc32(branch.encode()):08x}"
    return [(order, Spoken(PICK, (branch,), 0))]


class Comments:
    """Replies on GitHub: one comment per command, edited from then on."""

    def __init__(self, github: GitHub) -> None:
        self._github = github

    def render(self, answer: Answer, received: CommandReceived) -> str:
        """Return the comment's Markdown, with the mark by which it is found again; what is too long loses lines."""
        text = render_markdown(answer, received.command)
        while len(text) >= LIMIT and (shorter := shortened(answer)) is not None:
            answer, text = shorter, render_markdown(shorter, received.command)
        return text

    async def find(self, received: CommandReceived, *, again: bool) -> str | None:
        """Return the id of our reply that is there already: it carries the mark, and we wrote it."""
        mark = f"{MARKER}{received.command} -->"
        async for comment in self._github.comments(
            received.repo, received.number, since=received.said_at
        ):
            if str(comment.get("body") or "").startswith(mark) and await self._github.is_ours(
                comment
            ):
                return str(comment["id"])
        return None

    async def post(self, received: CommandReceived, rendered: str) -> str:
        """Write the comment; return its id."""
        return str(await self._github.comment(received.repo, received.number, rendered))

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        """Replace the comment's text."""
        await self._github.edit_comment(received.repo, int(message), rendered)
