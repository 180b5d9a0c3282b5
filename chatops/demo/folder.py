"""Where a demo keeps its files, and how a later start finds where the last one ended."""

import pickle
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

import msgspec

from chatops.errors import ChatopsError
from chatops.standins.github import World

CONFIGURATION = """\
# Written by `chatops demo`.
communities:
  kata:
    title: Kata Containers
    slash_command: /kata
    repositories:
      - {repository}
    nightly:
      - name: Kata Containers Nightly CI
        file: ci-nightly.yaml
        hour: 0
      - name: Nightly CI for s390x
        file: ci-nightly-s390x.yaml
        hour: 5
    gate:
      workflow: Gatekeeper
      checks:
        source: gatekeeper-file
        path: {required}
        branch: main
    approvals:
      owners: codeowners
    maintainers: maintainers.yml
    channels:
      C0CI:
        name: ci
        digest: {{time: 00:00, deadline: 00:00, when: always, weekly: mon}}
        alerts: {{thread: true}}
    trust:
      adds_label: true
    labels:
      prefixes: [area, kind, priority]
      restart_ci: true
    job_aliases:
      snp: '*sev-snp*'
      tdx: '*tdx*'
    facets:
      arch:
        amd64: amd64 x86_64
        arm64: arm64 aarch64
        ppc64le: ppc64le
        riscv64: riscv64
        s390x: s390x zvsi
      hv:
        qemu: qemu
        clh: clh cloud-hypervisor
        dragonball: dragonball
        firecracker: fc firecracker
      tee:
        snp: snp
        tdx: tdx
redirects:
  /coco: /kata/nightly?q=coco
"""


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """When a demo first began and what it was asked for: the same history can be told again from it."""

    moment: datetime
    seed: int
    nights: int
    is_filled: bool = False


def place(directory: Path | None) -> AbstractContextManager[str]:
    """Return a folder for the files: the one that is named, or one that is gone afterwards."""
    if directory is None:
        return TemporaryDirectory(prefix="chatops-demo-")
    directory.mkdir(parents=True, exist_ok=True)
    return nullcontext(str(directory.resolve()))


class Folder:
    """The files of one demo; where nobody comes back to them, the pretend GitHub is not kept."""

    def __init__(self, path: Path, *, is_temporary: bool = False) -> None:
        self._is_temporary = is_temporary
        self._kept_changes = -1
        self.configuration = path / "chatops.yaml"
        self.database = path / "chatops.db"
        self.environment = path / "environment"
        self._maintainers = path / "maintainers.yml"
        self._beginning = path / "demo.json"
        self._world = path / "github.pickle"

    def begin(self, asked: Beginning) -> Beginning:
        """Return how this demo once began; if it never did, it begins as asked."""
        if self._beginning.exists():
            return msgspec.json.decode(self._beginning.read_bytes(), type=Beginning)
        self._beginning.write_bytes(msgspec.json.encode(asked))
        return asked

    def note_filled(self, beginning: Beginning) -> None:
        """Remember that the log holds the whole history."""
        filled = msgspec.structs.replace(beginning, is_filled=True)
        self._beginning.write_bytes(msgspec.json.encode(filled))

    def configure(self, repository: str, required: str, maintainers: str) -> None:
        """Write the configuration, unless somebody may have changed it since."""
        if not self.configuration.exists():
            text = CONFIGURATION.format(repository=repository, required=required)
            self.configuration.write_text(text, encoding="utf-8")
            self._maintainers.write_text(maintainers, encoding="utf-8")

    def tell_environment(self, environment: Mapping[str, str]) -> None:
        """Write down what the command line needs to speak to this demo, for nobody but who started it."""
        self.environment.touch(mode=0o600)
        lines = [f"export {name}={quote(value)}\n" for name, value in environment.items()]
        self.environment.write_text("".join(lines), encoding="utf-8")

    def keep(self, world: World) -> None:
        """Keep the pretend GitHub, if it has changed: the next start goes on from there, however this one ends."""
        if self._is_temporary or world.changes == self._kept_changes:
            return
        draft = self._world.with_suffix(".new")
        draft.write_bytes(pickle.dumps(world))
        draft.replace(self._world)
        self._kept_changes = world.changes

    def kept_world(self) -> World | None:
        """Return the pretend GitHub as it was when the last demo ended here; nothing where none has begun.

        A log without its GitHub would meet old numbers with a new meaning, so that is refused.
        """
        try:
            world = pickle.loads(self._world.read_bytes())  # noqa: S301 - `keep` wrote it
        except FileNotFoundError:
            world = None
        except (pickle.UnpicklingError, ImportError, LookupError, TypeError, ValueError, EOFError):
            # An older program made it.
            world = None
        if isinstance(world, World):
            return world
        if self._is_filled():
            raise ChatopsError(
                f"The pretend GitHub in {self._world} is not there or cannot be read, and the log beside it would not "
                "fit a new one. Name another directory, or delete this one."
            )
        return None

    def _is_filled(self) -> bool:
        if not self._beginning.exists():
            return False
        return msgspec.json.decode(self._beginning.read_bytes(), type=Beginning).is_filled
