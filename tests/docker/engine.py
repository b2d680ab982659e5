"""A container engine of the tests' own, and images made without any registry.

Its daemon has its data, sockets and processes in one folder and no network of its own. The base image is made of
Debian's packages, under the name that the Dockerfile asks for, so that the documented commands work as they stand. When
it is closed, no container, process or mount is left.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from tests.conftest import ROOT

NEEDED = ("containerd", "debootstrap", "docker", "docker-compose", "dockerd")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
BASE = re.search(r"^ARG BASE=(\S+)$", (ROOT / "docker/Dockerfile").read_text(), re.MULTILINE).group(1)
LOCKED = (
    *("--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--user", "1000", "--memory", "2g", "--pids-limit", "128", "--tmpfs", "/tmp:size=256m"),  # noqa: S108  in it
)
"""With what a container is run that holds strangers' code."""


def missing():
    """Return why there can be no engine here; an empty text where there can."""
    if os.geteuid() != 0:
        return "only root can start a container engine"
    without = [name for name in NEEDED if shutil.which(name) is None]
    return (
        f"not installed: {', '.join(without)} (Debian's packages docker.io, docker-compose, debootstrap)"
        if without
        else ""
    )


class Engine:
    """A daemon that listens in a folder."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="engine-"))
        self.env = {**os.environ, "DOCKER_HOST": f"unix://{self.folder}/socket", "DOCKER_BUILDKIT": "0"}
        self._log = (self.folder / "log").open("wb")
        places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
        self._daemon = subprocess.Popen(
            [
                *("dockerd", "-H", self.env["DOCKER_HOST"], "--bridge=none", "--iptables=false"),
                *("--ip-forward=false", "--ip-masq=false"),
                *(f"--{option}={self.folder / name}" for option, name in places.items()),
            ],
            stdout=self._log,
            stderr=self._log,
        )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self, seconds=60):
        deadline = time.monotonic() + seconds
        while self.docker("version", check=False).returncode:
            if self._daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.2)

    def run(self, *command, cwd=ROOT, check=True, timeout=600, **env):
        """Run a command that talks to this engine."""
        done = subprocess.run(
            list(map(str, command)),
            cwd=cwd,
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        assert not check or done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done

    def docker(self, *arguments, **options):
        return self.run("docker", *arguments, **options)

    def grader(self, *arguments, options=(), check=False, **more):
        """Run the grader in a container of the image, locked as strangers' code has to be."""
        return self.docker("run", *LOCKED, *options, "proofgrade", *arguments, check=check, **more)

    def make_base(self):
        """Make the base image of Debian's packages; pip in it trusts whom this machine trusts."""
        root = self.folder / "base"
        packages = "--include=python3,python3-venv,ca-certificates"
        self.run("debootstrap", "--variant=minbase", packages, "bookworm", root)
        for waste in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man"):
            shutil.rmtree(root / waste)
        shutil.copy(CERTIFICATES, root / "etc/ssl/certs")
        (root / "etc/pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\ntimeout = 180\n")
        self.run("sh", "-c", f"tar -C {root} -c . | docker import - {BASE}")
        shutil.rmtree(root)

    def build(self, name, dockerfile, *options):
        self.docker("build", "--network", "host", *options, "-t", name, "-f", dockerfile, ".")

    def left(self):
        """Return the containers and volumes that are there."""
        return [*self.docker("ps", "-aq").stdout.split(), *self.docker("volume", "ls", "-q").stdout.split()]

    def traces(self):
        """Return what the machine has of this engine's: processes that name its folder, and mounts in it."""
        processes = [one.info for one in psutil.process_iter(["pid", "cmdline"]) if self._is_ours(one.info["cmdline"])]
        return [*processes, *self._mounts()]

    def _mounts(self):
        return [line for line in Path("/proc/mounts").read_text().splitlines() if str(self.folder) in line]

    def _is_ours(self, command):
        return any(str(self.folder) in word for word in command or ())

    def close(self):
        """End all containers and the daemon, and remove the folder; return what is left all the same."""
        if self._daemon.poll() is None:
            containers = self.docker("ps", "-aq", check=False).stdout.split()
            if containers:
                self.docker("rm", "-f", *containers, check=False)
        self._daemon.terminate()
        self._daemon.wait(60)
        self._log.close()
        for line in self._mounts():  # the daemon leaves its network namespace
            subprocess.run(["umount", line.split()[1]], check=True)
        traces = self.traces()
        shutil.rmtree(self.folder, ignore_errors=True)
        return traces
