"""Which jobs there are: builds per platform, then the suites that test what was built."""

from collections.abc import Iterator
from functools import partial

from chatops.standins.history.jobs import ALL, TARBALL, TESTS, Family, Job, cross

PAYLOAD = 3
ROOTFS = 1

# Nights ago at which the community renamed its matrix values and its containerd jobs.
RENAMED = 331
NEW_RUNTIME = 318
STRATOVIRT_LEFT = 326
OPENVMM_CAME = 88
SHIM_SPLIT = 170
EXTENSIVE = 96

AMD64_ASSETS = (
    "agent", "agent-ctl", "busybox", "cloud-hypervisor", "cloud-hypervisor-glibc",
    "coco-guest-components", "csi-kata-directvolume", "firecracker", "genpolicy", "kata-ctl",
    "kata-manager", "kernel", "kernel-dragonball-experimental", "kernel-nvidia-gpu", "nydus",
    "ovmf", "ovmf-sev", "pause-image", "qemu", "qemu-snp-experimental", "qemu-tdx-experimental",
    "trace-forwarder", "virtiofsd",
)  # fmt: skip
AMD64_NEWER = (
    "kernel-confidential", "kernel-debug", "kernel-nvidia-gpu-confidential", "ovmf-cca", "ovmf-tdx",
    "runk", "virtiofsd-debug",
)  # fmt: skip
ARM64_ASSETS = (
    "agent", "agent-ctl", "busybox", "cloud-hypervisor", "firecracker", "genpolicy", "kata-ctl",
    "kernel", "kernel-dragonball-experimental", "kernel-nvidia-gpu", "nydus", "ovmf", "qemu",
    "virtiofsd",
)  # fmt: skip
ARM64_NEWER = (
    "coco-guest-components", "kata-manager", "kernel-cca-confidential", "kernel-debug",
    "ovmf-cca", "pause-image", "qemu-cca-experimental", "rootfs-busybox", "trace-forwarder",
)  # fmt: skip
S390X_ASSETS = ("agent", "coco-guest-components", "kernel", "pause-image", "qemu", "virtiofsd")
S390X_NEWER = ("agent-ctl", "genpolicy", "kata-ctl", "kernel-debug", "trace-forwarder")

REMOVED = ("busybox", "coco-guest-components", "kernel-nvidia-gpu-headers", "pause-image")
ROOTFS_IMAGES = (
    "rootfs-image",
    "rootfs-image-confidential",
    "rootfs-initrd",
    "rootfs-initrd-confidential",
)

OLD_CONTAINERD = ("lts", "active")
CONTAINERD = ("minimum", "latest")
RUST_OR_GO = ("clh", "dragonball", "qemu")
OLD_RUNTIME = ("cloud-hypervisor", "qemu-runtime-rs")
RUNTIME_RS = ("clh-runtime-rs", "qemu-runtime-rs")
SMALL = ("small", "normal")


def all_jobs() -> tuple[Job, ...]:
    """Every job of the nightly over the whole year, builds first, in the order they run."""
    jobs = [job for family in _families() for job in family.jobs()]
    return tuple(sorted(jobs, key=lambda job: job.wave))


def s390x_jobs() -> tuple[Job, ...]:
    """List the four jobs of the second nightly, which report what another machine room found."""
    suites = ("kata-vfio-ap-e2e-tests", "cc-vfio-ap-e2e-tests", "cc-se-e2e-tests-go",
              "cc-se-e2e-tests-rs")  # fmt: skip
    return tuple(
        Job(
            name=f"check-internal-test-result ({suite})",
            unexpanded="check-internal-test-result",
            runner="s390x",
            platform="s390x-internal",
            wave=TESTS,
            seconds=14,
            flake=0.012,
        )
        for suite in suites
    )


def _families() -> Iterator[Family]:
    yield from _amd64_build()
    yield from _arm64_build()
    yield from _s390x_build()
    yield from _ppc64le_build()
    yield from _payloads()
    yield from _basic_amd64()
    yield from _containerd()
    yield from _other_platforms()
    yield from _kubernetes()
    yield from _confidential()


def _builder(platform: str, runner: str) -> partial[Family]:
    return partial(
        Family,
        caller=f"build-kata-static-tarball-{platform}",
        runner=runner,
        platform=platform,
        wave=0,
        seconds=48,
        flake=0.0003,
    )


def _around(build: partial[Family], release: tuple[str, ...], *removed: str) -> Iterator[Family]:
    """What every platform's build ends with: the shim, the clean-up and the one tarball."""
    shim = partial(build, leaf="build-asset-shim-v2", wave=ROOTFS)
    clean_up = partial(build, leaf="remove-rootfs-binary-artifacts", wave=ROOTFS, seconds=9)
    yield shim(seconds=75, until=SHIM_SPLIT)
    yield shim(values=("go", "rust"), seconds=66, since=SHIM_SPLIT)
    yield clean_up(values=removed)
    if release:
        yield clean_up(leaf="remove-rootfs-binary-artifacts-for-release", values=release)
    yield build(leaf="create-kata-tarball", wave=TARBALL, seconds=62)


def _amd64_build() -> Iterator[Family]:
    build = _builder("amd64", "ubuntu-22.04")
    asset = partial(build, leaf="build-asset")
    rootfs = partial(build, leaf="build-asset-rootfs", wave=ROOTFS)
    yield asset(values=cross(AMD64_ASSETS, ("test",)))
    yield asset(values=cross(AMD64_NEWER, ("test",)), since=190)
    yield asset(values=("stratovirt, test",), until=STRATOVIRT_LEFT)
    yield asset(values=("openvmm, test",), since=OPENVMM_CAME)
    yield rootfs(values=(*ROOTFS_IMAGES, "rootfs-image-mariner"), seconds=67)
    yield rootfs(values=("rootfs-initrd-nvidia-gpu",), seconds=300, until=RENAMED)
    gpu = ("rootfs-image-nvidia-gpu", "rootfs-image-nvidia-gpu-confidential")
    yield rootfs(values=gpu, seconds=310, since=RENAMED)
    yield from _around(build, ("agent", "kata-ctl"), *REMOVED)


def _arm64_build() -> Iterator[Family]:
    build = _builder("arm64", "ubuntu-24.04-arm")
    asset = partial(build, leaf="build-asset")
    rootfs = partial(build, leaf="build-asset-rootfs", wave=ROOTFS)
    yield asset(values=ARM64_ASSETS)
    yield asset(values=ARM64_NEWER, since=140)
    yield asset(values=("stratovirt",), until=STRATOVIRT_LEFT)
    yield asset(values=("openvmm",), required=("openvmm",), flake=0.002, since=OPENVMM_CAME)
    yield rootfs(values=("rootfs-image", "rootfs-initrd", "rootfs-image-nvidia-gpu"), seconds=67)
    cca = ("rootfs-image-cca-confidential", "rootfs-initrd-cca-confidential")
    yield rootfs(values=cca, seconds=67, since=120)
    yield from _around(build, ("agent", "kata-ctl"), *REMOVED)


def _s390x_build() -> Iterator[Family]:
    build = _builder("s390x", "ubuntu-24.04-s390x")
    yield build(leaf="build-asset", values=S390X_ASSETS)
    yield build(leaf="build-asset", values=S390X_NEWER, since=165)
    yield build(leaf="build-asset-rootfs", values=ROOTFS_IMAGES, wave=ROOTFS, seconds=67)
    yield build(leaf="build-asset-boot-image-se", wave=ROOTFS, seconds=67)
    yield from _around(build, (), "agent", "coco-guest-components", "pause-image")


def _ppc64le_build() -> Iterator[Family]:
    build = _builder("ppc64le", "ubuntu-24.04-ppc64le")
    asset = partial(build, leaf="build-asset")
    yield asset(values=cross(("agent", "kernel", "qemu", "virtiofsd"), ("test",)))
    yield asset(values=cross(("agent-ctl", "kata-ctl", "trace-forwarder"), ("test",)), since=165)
    initrd = ("rootfs-initrd, test",)
    yield build(leaf="build-asset-rootfs", values=initrd, wave=ROOTFS, seconds=67)
    yield from _around(build, (), "agent")


def _payloads() -> Iterator[Family]:
    runners = {
        "amd64": "ubuntu-22.04",
        "arm64": "ubuntu-24.04-arm",
        "s390x": "ubuntu-24.04-s390x",
        "ppc64le": "ubuntu-24.04-ppc64le",
    }
    for platform, runner in runners.items():
        yield Family(
            caller=f"publish-kata-deploy-payload-{platform}",
            leaf="kata-payload",
            runner=runner,
            platform=platform,
            wave=PAYLOAD,
            seconds=190,
            flake=0.0005,
        )
    alone = partial(Family, wave=PAYLOAD, seconds=75, platform="image")
    yield alone(caller="build-and-publish-tee-confidential-unencrypted-image")
    yield alone(caller="publish-csi-driver-amd64")


def _basic_amd64() -> Iterator[Family]:
    basic = partial(Family, caller="run-basic-amd64-tests", seconds=70, flake=0.005)
    for leaf, seconds in (("run-containerd-stability", 64), ("run-nydus", 330)):
        suite = partial(basic, leaf=leaf, seconds=seconds)
        yield suite(values=cross(OLD_CONTAINERD, (*RUST_OR_GO, "stratovirt")), until=RENAMED)
        yield suite(values=cross(CONTAINERD, RUST_OR_GO), required=ALL, since=RENAMED)
    stability = partial(basic, leaf="run-containerd-stability")
    yield stability(values=cross(OLD_CONTAINERD, OLD_RUNTIME), until=RENAMED)
    yield stability(values=cross(CONTAINERD, RUNTIME_RS), required=ALL, since=RENAMED)
    nerdctl = partial(basic, leaf="run-nerdctl-tests", seconds=170)
    yield nerdctl(values=("dragonball", "qemu"), required=ALL)
    yield nerdctl(values=OLD_RUNTIME, until=RENAMED)
    yield nerdctl(values=RUNTIME_RS, required=ALL, since=RENAMED)
    yield nerdctl(values=("clh",))
    docker = partial(basic, leaf="run-docker-tests", seconds=240, flake=0.008)
    yield docker(values=(*RUST_OR_GO, "qemu-runtime-rs"))
    yield basic(leaf="run-kata-agent-apis", required=ALL)
    yield basic(leaf="run-tracing", values=("clh", "qemu"), flake=0.006, until=30)
    yield basic(leaf="run-tracing", flake=0.006, since=30)
    yield basic(leaf="run-vfio", by_rule=True)
    yield basic(leaf="run-runk", flake=0.004, until=285)
    yield basic(leaf="run-containerd-sandboxapi", seconds=75)
    yield basic(
        leaf="run-agent-ctl", values=("clh", "dragonball", "qemu", "qemu-runtime-rs"), since=205
    )
    yield basic(leaf="run-genpolicy-cli", seconds=61, since=77)
    metrics = ("clh", "qemu", "qemu-runtime-rs", "dragonball")
    yield basic(leaf="run-metrics", values=metrics, seconds=410, flake=0.012, since=96)
    yield basic(
        leaf="run-stdio", values=(*RUST_OR_GO, "fc", "clh-runtime-rs"), seconds=68, since=44
    )


def _containerd() -> Iterator[Family]:
    cri = partial(Family, matrix_on_caller=True, seconds=620, flake=0.007)
    amd64 = partial(cri, leaf="run-cri-containerd-amd64")
    old = cross(OLD_CONTAINERD, (*RUST_OR_GO, *OLD_RUNTIME, "stratovirt"))
    yield amd64(caller="run-cri-containerd-amd64", values=old, until=RENAMED)
    now = cross(CONTAINERD, (*RUST_OR_GO, *RUNTIME_RS))
    yield amd64(caller="run-cri-containerd-tests-amd64", values=now, required=ALL, since=RENAMED)
    s390x = partial(cri, leaf="run-cri-containerd-s390x", platform="s390x", runner="s390x-large")
    older = ("active, qemu", "active, qemu-runtime-rs")
    yield s390x(caller="run-cri-containerd-s390x", values=older, until=RENAMED)
    caller = "run-cri-containerd-tests-s390x"
    newer = ("latest, qemu", "latest, qemu-runtime-rs")
    yield s390x(caller=caller, values=newer, required=("latest, qemu",), since=RENAMED)
    for platform, runner in (("arm64", "arm64-k8s"), ("ppc64le", "ppc64le-small")):
        other = partial(
            cri,
            caller=f"run-cri-containerd-tests-{platform}",
            leaf=f"run-cri-containerd-{platform}",
            platform=platform,
            runner=runner,
            flake=0.011,
        )
        yield other(values=("active, qemu",), until=RENAMED)
        yield other(values=("latest, qemu",), since=RENAMED)


def _other_platforms() -> Iterator[Family]:
    s390x = partial(
        Family,
        caller="run-basic-s390x-tests",
        platform="s390x",
        runner="s390x-large",
        seconds=200,
        flake=0.008,
    )
    stability = partial(s390x, leaf="run-containerd-stability")
    yield stability(values=cross(OLD_CONTAINERD, ("qemu",)), until=RENAMED)
    yield stability(values=cross(CONTAINERD, ("qemu",)), since=RENAMED)
    yield s390x(leaf="run-docker-tests", values=("qemu",))
    yield s390x(leaf="run-nerdctl-tests", values=("qemu", "qemu-runtime-rs"))
    yield s390x(leaf="run-containerd-sandboxapi", until=110)


def _kubernetes() -> Iterator[Family]:
    yield from _on_aks()
    yield from _on_free_runners()
    yield from _on_rare_machines()
    deploy = partial(Family, caller="run-kata-deploy-tests", leaf="run-kata-deploy-tests")
    named = ("qemu, k0s", "qemu, microk8s", "qemu, rke2")
    yield deploy(values=named, required=ALL, seconds=760, flake=0.028)
    yield deploy(values=("qemu, k3s", "qemu, kubeadm"), seconds=700, flake=0.02)
    monitor = partial(Family, caller="run-kata-monitor-tests", leaf="run-monitor", seconds=300)
    yield monitor(values=("qemu, crio",), flake=0.012)
    yield monitor(values=("qemu, containerd, minimum",), flake=0.012, since=150)


def _on_aks() -> Iterator[Family]:
    aks = partial(
        Family,
        caller="run-k8s-tests-on-aks",
        leaf="run-k8s-tests",
        seconds=3200,
        flake=0.033,
    )
    sizes = ("normal", "small, containerd", "small, oci-distribution")
    yield aks(
        values=cross(("ubuntu",), ("clh", "qemu", "stratovirt"), SMALL), until=STRATOVIRT_LEFT
    )
    yield aks(values=tuple(f"cbl-mariner, clh, {size}, yes" for size in sizes), until=RENAMED)
    yield aks(values=cross(("cbl-mariner",), ("clh-azure",), sizes), required=ALL, since=RENAMED)
    rust = cross(("cbl-mariner",), ("clh-azure-runtime-rs",), SMALL)
    yield aks(values=rust, required=ALL, since=NEW_RUNTIME)
    openvmm = cross(("cbl-mariner",), ("openvmm-azure-runtime-rs",), SMALL)
    yield aks(values=openvmm, required=ALL, since=OPENVMM_CAME)


def _on_free_runners() -> Iterator[Family]:
    free = partial(
        Family,
        caller="run-k8s-tests-on-free-runner",
        leaf="run-k8s-tests",
        runner="ubuntu-24.04",
        seconds=1150,
        flake=0.011,
    )
    versions = ("minimum", "latest")
    yield free(values=cross((*RUST_OR_GO, *RUNTIME_RS), versions), required=ALL, since=NEW_RUNTIME)
    yield free(values=("clh", "dragonball", "qemu"), until=NEW_RUNTIME)
    yield free(values=("fc, latest, devmapper", "qemu, latest, crio"), flake=0.02, since=180)
    extra = ("clh, latest, devmapper", "dragonball, latest, devmapper", "qemu, latest, devmapper")
    yield free(values=extra, flake=0.016, since=61)
    amd64 = partial(free, caller="run-k8s-tests-on-amd64", leaf="run-k8s-tests-amd64")
    devmapper = tuple(f"{vmm}, containerd, devmapper, k3s" for vmm in (*RUST_OR_GO, "fc"))
    yield amd64(values=(*devmapper, "qemu, crio, k0s"), flake=0.015, until=61)


def _on_rare_machines() -> Iterator[Family]:
    zvsi = partial(
        Family,
        caller="run-k8s-tests-on-zvsi",
        leaf="run-k8s-tests",
        platform="s390x",
        runner="s390x-large",
        seconds=1900,
        flake=0.027,
    )
    yield zvsi(values=("overlayfs, qemu-runtime-rs, kubeadm",), required=ALL)
    yield zvsi(values=("nydus, qemu-coco-dev, kubeadm",), until=210)
    yield zvsi(values=("nydus, qemu-coco-dev-runtime-rs, kubeadm",), required=ALL, since=210)
    yield zvsi(values=("devmapper, qemu, kubeadm",))
    rare = partial(Family, values=("qemu, kubeadm",), seconds=1500, flake=0.035)
    yield rare(
        caller="run-k8s-tests-on-ppc64le",
        leaf="run-k8s-tests",
        platform="ppc64le",
        runner="ppc64le-k8s",
    )
    on_arm = "run-k8s-tests-on-arm64"
    yield rare(caller=on_arm, leaf=on_arm, platform="arm64", runner="arm64-k8s")
    gpu = partial(
        Family,
        caller="run-k8s-tests-on-nvidia-gpu",
        runner="amd64-nvidia-a100",
        seconds=2300,
        flake=0.04,
    )
    older = ("qemu-nvidia-gpu, kubeadm",)
    yield gpu(leaf="run-nvidia-gpu-tests-on-amd64", values=older, until=RENAMED)
    yield gpu(leaf="run-nvidia-gpu-tests-on-amd64", required=ALL, since=RENAMED)
    yield gpu(
        leaf="run-nvidia-gpu-snp-tests-on-amd64",
        runner="amd64-nvidia-h100-snp",
        flake=0.11,
        since=230,
    )
    gh200 = partial(gpu, runner="arm64-nvidia-gh200", platform="arm64", flake=0.05)
    yield gh200(leaf="run-nvidia-gpu-tests-on-arm64", since=83)


def _confidential() -> Iterator[Family]:
    coco = partial(Family, caller="run-kata-coco-tests", seconds=2700, flake=0.045)
    tee = partial(coco, leaf="run-k8s-tests-on-tee", seconds=4700)
    yield tee(values=("sev-snp, qemu-snp",), required=ALL, runner="sev-snp", flake=0.1)
    yield tee(values=("sev-snp, qemu-snp-runtime-rs",), runner="sev-snp", flake=0.12, since=160)
    yield tee(values=("tdx, qemu-tdx",), runner="tdx", flake=0.15)
    yield tee(values=("tdx, qemu-tdx-runtime-rs",), runner="tdx", flake=0.12, since=160)
    plain = partial(coco, leaf="run-k8s-tests-coco-nontee")
    yield plain(values=("qemu-coco-dev, nydus, guest-pull",), required=ALL, flake=0.06)
    newer = ("qemu-coco-dev-runtime-rs, nydus, guest-pull",)
    yield plain(values=newer, required=ALL, flake=0.06, since=210)
    yield plain(values=("qemu-coco-dev, experimental-force-guest-pull",), since=300)
    erofs = "run-k8s-tests-coco-nontee-with-erofs-snapshotter"
    yield coco(leaf=erofs, values=("qemu-coco-dev, erofs, default",), since=133)
    wide = partial(coco, leaf="run-k8s-tests-coco-nontee-extensive-matrix", since=EXTENSIVE)
    yield wide(values=cross(("qemu-coco-dev, nydus",), ("sealed", "policy"), ("small",)))
    everything = "guest-pull, initdata, policy, sealed-secret, signed-image"
    yield wide(values=(f"qemu-coco-dev-runtime-rs, nydus, {everything}",))
    yield Family(caller="run-k8s-tests-on-cca", by_rule=True, platform="arm64")
