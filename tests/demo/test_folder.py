from pathlib import Path
from subprocess import run

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


def test_the_command_line_can_read_what_speaks_to_the_demo(tmp_path: Path) -> None:
    folder = Folder(tmp_path)

    folder.tell_environment({"CHATOPS_CONFIG": "a 'quoted' path", "CHATOPS_KEY": "two\nlines"})

    assert folder.environment.stat().st_mode & 0o077 == 0
    read = run(
        ["/bin/sh", "-c", '. "$0"; printf "%s|%s" "$CHATOPS_CONFIG" "$CHATOPS_KEY"', str(folder.environment)],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert read.stdout == "a 'quoted' path|two\nlines"
