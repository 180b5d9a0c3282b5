import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from chatops.engine.catalogue import instances
from chatops.errors import Broken


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Yield a room with two modules: one has two numbers, and one of its own that is nobody's business."""
    folder = tmp_path / "a_room_of_numbers"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "second.py").write_text("THREE = 3\n")
    (folder / "first.py").write_text("ONE = 1\nTWO = 2\n_HIDDEN = 4\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import a_room_of_numbers  # type: ignore[import-not-found]  # noqa: PLC0415

    yield a_room_of_numbers
    for name in [name for name in sys.modules if name.startswith("a_room_of_numbers")]:
        del sys.modules[name]


def test_objects_are_found_in_the_order_of_modules_and_lines(room: ModuleType) -> None:
    assert instances(room, int) == (1, 2, 3)


def test_a_module_without_any_is_in_the_wrong_room(room: ModuleType) -> None:
    with pytest.raises(Broken, match=r"first offers no str"):
        instances(room, str)
