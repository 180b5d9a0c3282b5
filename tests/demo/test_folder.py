from pathlib import Path

from chatops.demo.folder import Folder
from chatops.standins.github import World


def test_the_pretend_github_is_there_again_at_the_next_start(tmp_path: Path) -> None:
    world = World()
    repository = world.repo("acme/rocket")
    repository.user("mona", permission="write")
    issue = repository.issue(author="mona", title="It leaks")
    assert world.register_app().private_key_pem

    Folder(tmp_path).keep(world)
    kept = Folder(tmp_path).kept_world()

    assert kept is not None
    assert kept.repo("acme/rocket").issues[issue.number].title == "It leaks"
    assert kept.register_app().private_key_pem


def test_without_an_earlier_start_there_is_none(tmp_path: Path) -> None:
    assert Folder(tmp_path).kept_world() is None
