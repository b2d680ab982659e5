"""The layers one by one: tables, rules and files, also for machines that these tests do not run on."""

import io
import os
import re
import struct
import sys
from pathlib import Path

import pytest

from grader.model import Limits
from grader.sandbox.forkserver import ForkServer
from grader.sandbox.launch import Zygote
from grader.sandbox.lockdown import LAYERS, cgroup, landlock, seccomp, view
from grader.sandbox.lockdown.layer import Settings
from tests.sandbox.conftest import ROOT

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000
BOTH = pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])


# --- seccomp ---------------------------------------------------------------------------------------------------------


def numbers_in(header):
    defined = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text())
    return {name: int(number) for name, number in defined} | {"newfstatat": dict(defined).get("newfstatat", "79")}


@BOTH
def test_the_table_of_system_calls_is_the_kernels(architecture):
    header = HEADERS[architecture]
    if not header.is_file():
        pytest.skip(f"the kernel's headers for {architecture} are not installed ({header})")
    known = {name: int(number) for name, number in numbers_in(header).items()}
    ours = seccomp.numbers(seccomp._TABLE + seccomp._SCRATCH, architecture)
    ours |= {name: check[0][architecture == "aarch64"] for name, check in seccomp._CHECKED.items()}
    assert {name: known.get(name) for name in ours} == ours


def verdict(architecture, number, *arguments, audit=None, scratch=False):
    """Run the filter as the kernel does."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number, audit or AUDIT[architecture], 0, *words)
    steps, at, register = seccomp.program(architecture, scratch=scratch), 0, 0
    while True:
        code, if_true, if_false, operand = steps[at]
        at += 1
        match code:
            case 0x20:
                (register,) = struct.unpack_from("<I", data, operand)
            case 0x54:
                register &= operand
            case 0x15:
                at += if_true if register == operand else if_false
            case 0x35:
                at += if_true if register >= operand else if_false
            case 0x06:
                return operand


@BOTH
@pytest.mark.parametrize("scratch", [False, True])
def test_what_is_listed_is_allowed_and_nothing_else(architecture, scratch):
    table = seccomp._TABLE + (seccomp._SCRATCH if scratch else "")
    listed = set(seccomp.numbers(table, architecture).values())
    checked = {check[0][architecture == "aarch64"] for check in seccomp._CHECKED.values()}
    for number in set(range(600)) - checked:
        assert verdict(architecture, number, scratch=scratch) == (ALLOW if number in listed else REFUSE), number


@BOTH
def test_another_numbering_ends_the_process(architecture):
    other = AUDIT["aarch64" if architecture == "x86_64" else "x86_64"]
    assert verdict(architecture, 0, audit=other) == KILL
    assert verdict(architecture, 0, audit=0x40000003) == KILL  # 32 bits on x86-64
    assert verdict(architecture, 0x40000000) == KILL  # x32


@BOTH
@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("ioctl", (1, 0x5401), ALLOW),  # TCGETS
        ("ioctl", (1, 0x5412), REFUSE),  # TIOCSTI
        ("ioctl", (1, 0xFFFF_FFFF_0000_5401), ALLOW),  # the kernel reads the lower half alone, as the filter does
        ("fcntl", (3, 0), ALLOW),  # F_DUPFD
        ("fcntl", (3, 8), REFUSE),  # F_SETOWN
        ("fcntl", (3, 10), REFUSE),  # F_SETSIG
        ("fcntl", (3, 1024), REFUSE),  # F_SETLEASE
        ("prlimit64", (0, 7), ALLOW),
        ("prlimit64", (4711, 7), REFUSE),
        ("mmap", (0, 4096, 3, 0x22), ALLOW),  # MAP_PRIVATE | MAP_ANONYMOUS
        ("mmap", (0, 4096, 3, 0x21), REFUSE),  # MAP_SHARED | MAP_ANONYMOUS
        ("mmap", (0, 4096, 3, 0x03), REFUSE),  # MAP_SHARED_VALIDATE
    ],
)
def test_some_calls_are_allowed_by_their_arguments(architecture, name, arguments, answer):
    assert verdict(architecture, seccomp._CHECKED[name][0][architecture == "aarch64"], *arguments) == answer


# --- Landlock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (1, (0x1FFF,)),
        (2, (0x3FFF,)),  # and moving between folders
        (3, (0x7FFF,)),  # and cutting
        (4, (0x7FFF, 3)),  # and TCP
        (5, (0xFFFF, 3)),  # and ioctl on devices
        (6, (0xFFFF, 3, 3)),  # and abstract sockets and signals
        (7, (0xFFFF, 3, 3)),
    ],
)
def test_landlock_forbids_what_its_version_knows(version, words):
    assert landlock.attributes(version) == words


@pytest.mark.parametrize("version", range(1, 8))
def test_an_older_landlock_still_locks(version, monkeypatch, places):
    """The kernel takes the ruleset of every version up to its own."""
    places.need("landlock")
    if version > landlock.abi():
        pytest.skip(f"this kernel has version {landlock.abi()}")
    monkeypatch.setattr(landlock, "abi", lambda: version)
    layer = landlock.Landlock(Settings(0, 1, 0, ("/usr",)), everything=False)
    layer.enter()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            landlock.system.prctl(landlock.system.PR_SET_NO_NEW_PRIVS, 1)
            layer.apply()
            layer.probe()
            status = 0
        finally:
            os._exit(status)
    os.close(layer._ruleset)
    assert os.waitpid(pid, 0)[1] == 0


# --- control groups --------------------------------------------------------------------------------------------------


def version_2(tmp_path, controllers="cpu memory pids"):
    """Make a folder that looks like version 2's, as systemd arranges it; the files of a group are made by the kernel."""
    parent = tmp_path / "user.slice"
    parent.mkdir()
    (parent / "cgroup.subtree_control").write_text(controllers)
    (tmp_path / "own").write_text("0::/user.slice/session-1.scope\n")
    return cgroup.Cgroup(Settings(2**28, 1, 0, ()), str(tmp_path), str(tmp_path / "own"))


def test_version_2_has_one_folder_beside_ones_own_group(tmp_path):
    layer = version_2(tmp_path)
    (folder,) = layer._folders
    assert folder == tmp_path / "user.slice" / f"proofgrade-{os.getpid()}"
    folder.mkdir()
    (folder / "memory.swap.max").touch()
    layer._set_limits()
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "memory.max": str(2**28), "memory.swap.max": "0", "pids.max": "32",
    }  # fmt: skip


def test_version_2_tells_when_memory_ran_out(tmp_path):
    layer = version_2(tmp_path)
    events = tmp_path / "memory.events"
    events.write_text("low 0\nhigh 0\nmax 12\noom 1\noom_kill 0\noom_group_kill 0\n")
    layer._events = os.open(events, os.O_RDONLY)
    assert not layer.out_of_memory()
    events.write_text("low 0\nhigh 0\nmax 40\noom 2\noom_kill 1\noom_group_kill 0\n")
    assert [layer.out_of_memory(), layer.out_of_memory()] == [True, False]
    os.close(layer._events)


def test_without_a_memory_controller_there_is_no_group(tmp_path):
    assert version_2(tmp_path, "cpu").missing() == "no memory controller is mounted"


def test_version_1_has_a_folder_for_each_controller(tmp_path):
    for kind in ("memory", "pids"):
        (tmp_path / kind / "here").mkdir(parents=True)
    (tmp_path / "own").write_text("4:memory:/here\n8:pids:/here\n0::/\n")
    layer = cgroup.Cgroup(Settings(2**28, 1, 0, ()), str(tmp_path), str(tmp_path / "own"))
    assert [folder.parent for folder in layer._folders] == [tmp_path / "memory/here", tmp_path / "pids/here"]
    assert layer._version is cgroup.V1


def test_a_group_whose_grader_was_killed_is_removed_by_the_next(tmp_path):
    layer = version_2(tmp_path)
    (tmp_path / "user.slice/proofgrade-4194305").mkdir()  # no process can have this number
    (tmp_path / "user.slice/proofgrade-1").mkdir()
    layer._sweep()
    assert sorted(path.name for path in (tmp_path / "user.slice").glob("proof*")) == ["proofgrade-1"]


# --- what can be seen ------------------------------------------------------------------------------------------------


def test_a_child_may_read_neither_grader_nor_reference():
    import grader
    import reference

    shown = [Path(path) for path in view.readable()]
    for hidden in (grader.__file__, reference.__file__, Path(sys.executable).parent):
        assert not [path for path in shown if Path(hidden).is_relative_to(path)]


def test_a_child_may_read_the_standard_library_and_numpy():
    import json

    import numpy as np

    shown = [Path(path) for path in view.readable()]
    for needed in (json.__file__, os.__file__, np.__file__):
        assert [path for path in shown if Path(needed).is_relative_to(path)]


def test_a_library_beside_the_packages_does_not_show_them_all(monkeypatch, tmp_path):
    """As `_cffi_backend` lies in site-packages itself, where the reference may be installed."""
    for name in ("_backend.so", "libother.so.2", "reference.py"):
        (tmp_path / name).touch()
    maps = f"7f00-7f01 r-xp 00000000 08:01 42 {tmp_path}/_backend.so\n"
    monkeypatch.setattr(view, "open", lambda *_, **__: io.StringIO(maps), raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert sorted(set(view._shared_libraries()) - set(view._SYSTEM)) == [
        f"{tmp_path}/_backend.so",
        f"{tmp_path}/libother.so.2",
    ]
    monkeypatch.setattr(sys, "path", [])
    assert set(view._shared_libraries()) - set(view._SYSTEM) == {str(tmp_path)}


def test_nothing_is_shown_twice():
    shown = [Path(path) for path in view.readable()]
    assert not [path for path in shown for other in shown if path != other and path.is_relative_to(other)]


def test_the_root_folder_has_nothing_else(places, loaded):
    places.need("namespaces")
    source = "import os\ndef walk():\n    return [os.path.join(path, name) for path, folders, files in os.walk('/') for name in files]"
    found = loaded(places.server(LAYERS), source)("walk").value
    assert any(path.endswith("/statistics.py") for path in found)
    assert not [path for path in found if "/grader/" in path or "/reference/" in path or "assignment" in path]
    tops = {path.split("/")[1] for path in found}
    assert tops <= {"dev", "etc", "usr", "lib", "lib64", *(path.split("/")[1] for path in view.readable())}
    assert [path for path in found if path.startswith(("/etc/", "/dev/"))] == sorted(
        ["/etc/ld.so.cache", "/dev/null", "/dev/zero", "/dev/urandom"], key=found.index
    )


# --- a folder to write into ------------------------------------------------------------------------------------------

SCRATCH = Limits(memory_mib=256, scratch_mib=2)
WRITER = """
import os, sqlite3, tempfile
import numpy as np
def copies():
    import shutil
    with open("a.txt", "w") as file: file.write("6")
    os.makedirs("b")
    shutil.copy2("a.txt", "b/a.txt")
    shutil.copytree("b", "c")
    os.chmod("c/a.txt", 0o600)
    return open("c/a.txt").read(), shutil.disk_usage(".").total > 0
def saves():
    np.save("x.npy", np.arange(3))
    os.makedirs("a/b")
    os.rename("x.npy", "a/b/x.npy")
    return np.load("a/b/x.npy").tolist(), sorted(os.listdir("."))
def keeps():
    with sqlite3.connect("kept.db") as database:
        database.execute("create table t (x)")
        database.execute("insert into t values (6)")
        return database.execute("select x from t").fetchone()[0]
def temporary():
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("6")
        file.seek(0)
        return file.read(), os.path.dirname(file.name)
def fills():
    with open("full", "wb") as file: return file.write(bytes(2**22))
def fills_with_many():
    for n in range(100):
        with open(f"full{n}", "wb", 0) as file: file.write(bytes(2**20))
def lists(): return os.listdir(".")
def elsewhere():
    with open("/x", "w") as file: return file.write("x")
def starts():
    with open("program", "w") as file: file.write("#!/bin/true")
    os.chmod("program", 0o700)
    os.execv("program", ["program"])
"""


@pytest.fixture(params=["saves", "keeps", "temporary", "copies"])
def honest(request):
    return request.param


@pytest.fixture
def writer(places, loaded):
    places.need("namespaces")
    return lambda: loaded(places.server(LAYERS, SCRATCH), WRITER)


def test_honest_code_can_write_where_an_assignment_lets_it(writer, honest):
    wanted = {"saves": ([0, 1, 2], ["a"]), "keeps": 6, "temporary": ("6", "/work"), "copies": ("6", True)}
    assert writer()(honest).value == wanted[honest]


@pytest.mark.parametrize(("function", "error"), [("fills", "File too large"), ("fills_with_many", "No space left")])
def test_the_folder_is_no_larger_than_it_may_be(writer, function, error):
    outcome = writer()(function)
    assert error in outcome.message


@pytest.mark.parametrize("function", ["elsewhere", "starts"])
def test_a_child_with_a_folder_of_its_own_has_nothing_more(writer, function):
    assert "PermissionError" in writer()(function).what or "Read-only" in writer()(function).what


def test_the_next_submission_finds_the_folder_empty(writer):
    for _ in range(2):
        work = writer()
        assert work("lists").value == []
        work("saves")
        work.child.close()


def test_without_namespaces_there_is_no_such_folder(places, capfd):
    from grader.errors import FaultError

    with (
        ForkServer(Zygote(), SCRATCH, ["numpy"], layers=[layer for layer in LAYERS if layer != "namespaces"]) as server,
        pytest.raises(FaultError, match="a scratch folder needs namespaces: they are off"),
    ):
        server.ready()
    capfd.readouterr()


MIXTURE = """
import numpy as np
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
def f():
    X = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0, 0], [9, 9], [0, 9]], 20, axis=0)
    assert len(set(KMeans(3, n_init=1).fit(X).labels_)) == 3
    return len(set(GaussianMixture(3, random_state=0).fit(X).predict(X)))
"""
FOREST = """
import numpy as np
from sklearn.ensemble import RandomForestClassifier
def f():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    return len(RandomForestClassifier(5, n_jobs=2).fit(X, y).predict(X))
"""

# --- packages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packages", "source", "value"),
    [
        (["numpy"], "import scipy\ndef f(): pass", None),
        (["scipy.stats"], "from scipy.stats import norm\ndef f(): return float(norm.cdf(0))", 0.5),
        (
            ["scipy"],
            "from scipy.special import logsumexp\ndef f(): return round(float(logsumexp([0, 0])), 6)",
            0.693147,
        ),
        (["sklearn.mixture"], MIXTURE, 3),
        (["sklearn.ensemble"], FOREST, 10),
        (["yaml"], "import yaml\ndef f(): return yaml.safe_load('[1, 2]')", [1, 2]),
        (["numpy"], "import yaml\ndef f(): pass", None),
    ],
)
def test_what_an_assignment_names_can_be_imported_and_nothing_else(packages, source, value, loaded):
    pytest.importorskip("scipy", reason="scipy is not installed")
    with ForkServer(Zygote(), Limits(), packages) as server:
        outcome = loaded(server, source)("f")
    if value is None:
        assert outcome.type == "ModuleNotFoundError"
    else:
        assert outcome.value == value


# --- what honest code needs ------------------------------------------------------------------------------------------

HONEST = {
    "a large matrix": "np.linalg.svd(np.random.default_rng(0).normal(size=(300, 300)))[1].shape == (300,)",
    "a vector that grows": "np.resize(np.arange(10), 10**6).sum() == 4500000",
    "standard library, imported late": "[__import__(name) for name in 'decimal logging locale sqlite3 ssl hashlib lzma unittest"
    " concurrent.futures multiprocessing csv statistics fractions pprint timeit tempfile pathlib'.split()]",
    "a null device": "open('/dev/null', 'w').write('x') == 1",
    "time zones": "__import__('zoneinfo').ZoneInfo('Europe/Berlin')",
    "its own path": "__import__('os').chdir(__import__('os').path.dirname(__import__('os').path.abspath('work.py'))) is None",
    "sleep": "__import__('time').sleep(0.01) is None",
    "a file in memory": "np.load(save(__import__('io').BytesIO())).sum() == 3",
    "random numbers of the system": "len(__import__('os').urandom(8)) == 8 and __import__('secrets').randbits(3) < 8",
    "numpy's own tests of equality": "np.testing.assert_allclose([1.0], [1.0]) is None",
    "a thread-local": "__import__('threading').local() is not None",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_code_finds(name, place, loaded):
    running = getattr(place, "unreadable", "")
    if running:
        pytest.skip(f"Python lies where only root may read ({running}); at this level a class is refused here")
    if name == "time zones" and not Path("/usr/share/zoneinfo/Europe/Berlin").exists():
        pytest.skip("this machine has no time zones")
    source = f"def save(file):\n    np.save(file, np.arange(3))\n    file.seek(0)\n    return file\ndef f(): return bool({HONEST[name]})"
    assert loaded(place, source)("f").value is True


# --- the fork server's own side --------------------------------------------------------------------------------------


def test_no_child_inherits_a_socket_with_a_high_number(places, loaded):
    """The limit on open files is set before they are closed, and what is beyond it must be closed as well."""
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(100)]
    source = """
import os, stat
def found():
    numbers = []
    for number in range(4, 4096):
        try: numbers.append(stat.filemode(os.fstat(number).st_mode))
        except OSError: pass
    return numbers
"""
    with ForkServer(Zygote(), Limits(), ["numpy"]) as server:
        assert loaded(server, source)("found").value == []
    for descriptor in opened:
        os.close(descriptor)


@pytest.mark.parametrize("order", [{"end": 1}, {"cpu": 1}, {"fork": False}, {}])
def test_the_zygote_obeys_nothing_but_orders_about_its_children(order, capfd):
    from grader.errors import FaultError

    with ForkServer(Zygote(), Limits(), ["numpy"]) as server:
        server.ready()
        with pytest.raises(FaultError, match="not an order"):
            server._wait(server._order(order))
    capfd.readouterr()


def test_what_a_child_must_read_and_cannot_is_a_fault_of_ours(monkeypatch, tmp_path):
    from types import SimpleNamespace

    from grader.errors import FaultError

    with ForkServer(Zygote(), Limits(), ["numpy"]) as server:
        told = SimpleNamespace(
            first=lambda: {"broken": {}, "unreadable": "/hidden/python"}, close=server._verifying.drop
        )
        monkeypatch.setattr(server._verifying, "as_child", lambda _: told)
        with pytest.raises(
            FaultError, match="student code could not read /hidden/python: install Python where everybody"
        ):
            server.ready()


def test_a_python_that_only_root_may_read_is_found_out(places):
    """As the interpreter under root's home is, where there are no namespaces to show it at another place."""
    server = places.server(frozenset(LAYERS) - {"namespaces"})
    server.ready()
    hidden = ROOT and any(not os.stat(folder).st_mode & 0o001 for folder in Path(os.__file__).parents)
    assert bool(server.unreadable) == hidden


@pytest.mark.skipif(not ROOT, reason="only root can be given less than it had")
def test_a_machine_that_gives_less_time_than_a_submission_may_have_is_refused(tmp_path):
    import subprocess

    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (5, 5))\n"
        "from grader.model import Limits; from grader.sandbox.forkserver import ForkServer\n"
        "from grader.sandbox.launch import Zygote\n"
        "with ForkServer(Zygote(), Limits(seconds=60), ['numpy']) as server: server.ready()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "this machine limits the CPU time of a process to 5, and 121 is needed (ulimit)" in done.stderr
