from pathlib import Path

from chatops.config import read_configuration, slack_member
from chatops.demo.folder import Folder
from chatops.demo.workspace import pretend_workspace
from chatops.standins.history.files import maintainers_yaml


def test_everybody_whom_the_bot_may_call_is_a_member(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.configure("acme/rocket", "gate.yaml", maintainers_yaml())
    community = read_configuration(folder.configuration).default_community

    called = {slack_member(owner) for group in community.maintainers for owner in group.owners}

    assert called
    assert called <= set(pretend_workspace().users)


def test_the_bot_is_called_as_the_documentation_calls_it() -> None:
    assert pretend_workspace().bot.name == "kata"
