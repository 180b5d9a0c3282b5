from pathlib import Path

from chatops.events.canaries import CanarySeen, CanarySent
from chatops.policies.send_canary_on import SendCanaryOn
from tests.scene import NOW, decided, scene

SENT = CanarySent(canary="1", at=NOW)


def test_what_the_read_model_knows_is_sent_on(tmp_path: Path) -> None:
    with scene(tmp_path) as world:
        (fact,) = world.add([SENT])

        assert decided(world, SendCanaryOn(), fact) == [CanarySeen(canary="1", at=NOW)]
