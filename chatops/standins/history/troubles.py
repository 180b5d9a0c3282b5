"""What goes wrong on which night: flakes, regressions, bad weather, outages, and the last nights.

A trouble is decided per night and job before anything is played, so that streaks span nights and
a history of any length ends the same way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from chatops.standins.history.jobs import TESTS, Job, night_jobs

TEST_STEP = "Run tests"
SETUP_STEPS = ("Set up job", "Install dependencies", "Deploy Kata")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a job does not pass; a lasting one is still there when the job is run again."""

    conclusion: str
    step: str
    lasting: bool


Troubles = dict[str, Trouble]

BROKEN = Trouble(conclusion="failure", step=TEST_STEP, lasting=True)
FLAKE = Trouble(conclusion="failure", step=TEST_STEP, lasting=False)
TIMED_OUT = Trouble(conclusion="timed_out", step=TEST_STEP, lasting=False)
NO_RUNNER = Trouble(conclusion="cancelled", step="", lasting=True)
BUILD_BROKE = Trouble(conclusion="failure", step="Build", lasting=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """Something wrong from one night to a later one, both counted back from the newest."""

    what: str
    first: int
    last: int

    def covers(self, ago: int) -> bool:
        """Whether that night lies within the spell."""
        return self.last <= ago <= self.first


# Runner labels nobody served; the jobs waited a day and were cancelled.
OUTAGES = (
    Spell(what="ubuntu-24.04-ppc64le", first=254, last=250),
    Spell(what="arm64-k8s", first=181, last=176),
    Spell(what="tdx", first=47, last=42),
    Spell(what="s390x-large", first=97, last=95),
)

# Jobs broken for weeks, none of them required.
LONG_BROKEN = (
    Spell(what="run-nvidia-gpu-snp-tests-on-amd64", first=38, last=-1),
    Spell(what="extensive-matrix (qemu-coco-dev, nydus, policy", first=71, last=-1),
    Spell(what="extensive-matrix (qemu-coco-dev, nydus, sealed", first=94, last=60),
    Spell(what="run-k8s-tests-on-tee (tdx, qemu-tdx-runtime-rs)", first=160, last=101),
    Spell(what="run-k8s-tests-on-ppc64le", first=212, last=183),
    Spell(what="run-k8s-tests-on-arm64", first=142, last=104),
    Spell(what="run-docker-tests (qemu-runtime-rs)", first=300, last=243),
    Spell(what="run-runk", first=340, last=286),
    Spell(what="run-monitor (qemu, crio)", first=20, last=-1),
)

# The nights everybody looks at first: something of every kind. Night 0 is the newest complete
# one, night -1 is under way.
RECENT = (
    Spell(what="run-k8s-tests (cbl-mariner, clh-azure, normal)", first=3, last=-1),
    Spell(what="run-k8s-tests (qemu, latest, crio)", first=1, last=0),
    Spell(what="run-kata-deploy-tests (qemu, rke2)", first=0, last=0),
    Spell(what="run-docker-tests (clh)", first=0, last=0),
    Spell(what="run-k8s-tests-coco-nontee (qemu-coco-dev, nydus, guest-pull)", first=2, last=1),
    Spell(what="run-metrics (dragonball)", first=4, last=1),
    Spell(what="run-nydus (latest, clh)", first=-1, last=-1),
)
BROKEN_BUILDS = (
    Spell(what="build-kata-static-tarball-ppc64le / build-asset (kernel, test)", first=0, last=0),
    Spell(what="build-kata-static-tarball-amd64 / build-asset (qemu, test)", first=119, last=119),
    Spell(what="build-kata-static-tarball-arm64 / build-asset (agent)", first=33, last=32),
)
BROKEN_DAYS = ((2, 55), (3, 25), (4, 12), (6, 8))
SHARED = ("run-k8s-tests-on-aks", "run-kata-coco-tests", "run-k8s-tests-on-free-runner",
          "run-basic-amd64-tests", "run-kata-deploy-tests")  # fmt: skip

REGRESSION_CHANCE = 0.42
REQUIRED_SHARE = 0.17
BAD_NIGHT = 0.07
INFRASTRUCTURE_SHARE = 0.22
TIME_OUT_BEYOND = 0.97
STUBBORN_BEYOND = 0.75


def all_troubles(jobs: Sequence[Job], nights: int, seed: int) -> Mapping[int, Troubles]:
    """Decide the whole year: nights ago to the troubles of that night, tonight (-1) included."""
    regressions = _regressions(jobs, seed)
    return {
        ago: _night_troubles(night_jobs(jobs, max(ago, 0)), ago, regressions, seed)
        for ago in range(nights - 1, -2, -1)
    }


def _regressions(jobs: Sequence[Job], seed: int) -> list[Spell]:
    spells = []
    days, weights = zip(*BROKEN_DAYS, strict=True)
    for ago in range(400, 8, -1):
        random = Random(f"{seed}:regression:{ago}")
        if random.random() > REGRESSION_CHANCE:
            continue
        tests = [job for job in night_jobs(jobs, ago) if job.wave == TESTS and not job.by_rule]
        wanted = random.random() < REQUIRED_SHARE
        chosen = random.choice([job for job in tests if job.required == wanted] or tests)
        length = random.choices(days, weights)[0]
        spells.append(Spell(what=chosen.name, first=ago, last=ago - length + 1))
    return spells


def _night_troubles(
    jobs: Sequence[Job], ago: int, regressions: Iterable[Spell], seed: int
) -> Troubles:
    random = Random(f"{seed}:night:{ago}")
    troubles = _flakes(jobs, random)
    troubles |= _bad_weather(jobs, random)
    names = [job.name for job in jobs]
    broken = [spell.what for spell in (*LONG_BROKEN, *RECENT, *regressions) if spell.covers(ago)]
    troubles |= {name: BROKEN for name in names if any(what in name for what in broken)}
    builds = [spell.what for spell in BROKEN_BUILDS if spell.covers(ago)]
    troubles |= {name: BUILD_BROKE for name in names if any(what in name for what in builds)}
    unserved = {spell.what for spell in OUTAGES if spell.covers(ago)}
    troubles |= {job.name: NO_RUNNER for job in jobs if job.runner in unserved}
    if -1 <= ago <= 1:
        return _told_as_planned(troubles, ago)
    return troubles


def _flakes(jobs: Sequence[Job], random: Random) -> Troubles:
    # Some nights are worse than others for everybody: registries, networks, clouds.
    mood = random.choice((0.55, 0.8, 0.9, 1.0, 1.1, 1.5))
    chance = random.random
    return {
        job.name: _kind(job, random)
        for job in jobs
        if chance() < job.flake * mood and not job.by_rule
    }


def _bad_weather(jobs: Sequence[Job], random: Random) -> Troubles:
    if random.random() > BAD_NIGHT:
        return {}
    where = random.choice(SHARED)
    share = random.uniform(0.3, 0.8)
    step = random.choice(SETUP_STEPS[1:])
    trouble = Trouble(conclusion="failure", step=step, lasting=False)
    return {
        job.name: trouble for job in jobs if f" / {where} " in job.name and random.random() < share
    }


def _kind(job: Job, random: Random) -> Trouble:
    if job.wave < TESTS:
        return BUILD_BROKE
    drawn = random.random()
    if drawn < INFRASTRUCTURE_SHARE:
        return Trouble(conclusion="failure", step=random.choice(SETUP_STEPS), lasting=False)
    if drawn > TIME_OUT_BEYOND:
        return TIMED_OUT
    return BROKEN if drawn > STUBBORN_BEYOND else FLAKE


def _told_as_planned(troubles: Troubles, ago: int) -> Troubles:
    """Keep chance out of the newest nights where it would spoil what they are to show."""
    told = [spell.what for spell in RECENT]
    spells = (*RECENT, *BROKEN_BUILDS)
    planned = [spell.what for spell in spells if spell.covers(ago)]

    def by_chance(name: str, trouble: Trouble) -> bool:
        return trouble is BUILD_BROKE or any(what in name for what in told)

    return {
        name: trouble
        for name, trouble in troubles.items()
        if any(what in name for what in planned) or not by_chance(name, trouble)
    }
