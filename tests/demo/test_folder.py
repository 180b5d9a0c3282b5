from datetime import UTC, datetime
from pathlib import Path
from subprocess import run

import pytest

from chatops.demo.folder import Beginning, Folder
from chatops.errors import ChatopsError
from chatops.standins.github import World
from chatops.standins.github.things import Identity


def test_the_pretend_github_is_there_again_at_the_next_start(tmp_path: Path) -> None:
    world = World()
    repository = world.repo("acme/rocket")
    repository.user("mona", permission="write")
    issue = repository.issue(author="mona", title="It leaks")
    app = world.register_app()
    assert app.private_key_pem
    world.tokens["ghs_1"] = Identity(login=app.login, app=app)

    Folder(tmp_path).keep(world)
    kept = Folder(tmp_path).kept_world()

    assert kept is not None
    assert kept.repo("acme/rocket").issues[issue.number].title == "It leaks"
    assert kept.tokens == {}
    assert kept.register_app().private_key_pem


def test_without_an_earlier_start_there_is_none(tmp_path: Path) -> None:
    assert Folder(tmp_path).kept_world() is None


def test_a_log_whose_github_is_gone_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    beginning = folder.begin(Beginning(moment=datetime(2026, 1, 5, tzinfo=UTC), seed=1, nights=1))
    unfilled = folder.kept_world()
    folder.note_filled(beginning)
    (tmp_path / "github.pickle").write_bytes(b"from another time")

    with pytest.raises(ChatopsError, match="Name another directory"):
        folder.kept_world()
    assert unfilled is None


def test_what_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    world, folder, file = World(), Folder(tmp_path), tmp_path / "github.pickle"
    folder.keep(world)
    file.unlink()

    folder.keep(world)
    is_there_unchanged = file.exists()
    world.repo("acme/rocket").issue(author="mona", title="It leaks")
    folder.keep(world)

    assert not is_there_unchanged
    assert file.exists()


def test_the_command_line_can_read_what_speaks_to_the_demo(tmp_path: Path) -> None:
    folder = Folder(tmp_path)

    folder.tell_environment({"CHATOPS_CONFIG": "a 'quoted' path", "CHATOPS_KEY": "two\nlines"})

    assert folder.environment.stat().st_mode & 0o077 == 0
    read = run(
        ["/bin/sh", "-c", '. "$0"; printf "%s|%s" "$CHATOPS_CONFIG" "$CHATOPS_KEY"', str(folder.environment)],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert read.stdout == "a 'quoted' path|two\nlines"
