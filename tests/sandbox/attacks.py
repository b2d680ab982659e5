"""Ways out, each with the walls that stop it: one wall is enough, and without all of them it is out.

An attack is the source of a submission whose `attack` returns something true when it got out. What it is given (a path,
a pid, a port) is made by the test. `{call}` stands for a system call's number on this machine.
"""

import os
import platform
from dataclasses import dataclass

ROOT = os.geteuid() == 0
ARM = platform.machine() in {"aarch64", "arm64"}

FILES = ("namespaces", "landlock")
OWN_FILES = (*FILES, "privileges") if ROOT else FILES
PROCESSES = ("namespaces", "seccomp", "privileges") if ROOT else ("namespaces", "seccomp")
SURFACE = ("seccomp",)
NEW_PROCESSES = ("seccomp", "rlimits")
NETWORK = ("namespaces", "seccomp", "landlock")


@dataclass(frozen=True)
class Attack:
    name: str
    walls: tuple[str, ...]
    source: str
    target: str = ""
    """What it is given: the name of a fixture of the test's."""
    only_root: bool = False
    """Whether the kernel refuses it to an ordinary user anyway, so that there is no twin to see."""


def reads(name, walls, target, **options):
    return Attack(name, walls, "def attack(path): return open(path, 'rb').read(100)", target, **options)


def syscall(name, x86, arm, arguments="0, 0, 0, 0, 0", *, only_root=False):
    """Reach the kernel with a call that no computation needs: any answer but EPERM says that it was there."""
    source = f"""
import ctypes, errno
def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_long(value) for value in [{arguments}]]
    result = libc.syscall(ctypes.c_long({arm if ARM else x86}), *arguments)
    return result >= 0 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS)
"""
    return Attack(f"system call {name}", SURFACE, source, only_root=only_root)


def on_victim(name, x86, arm, arguments, walls=PROCESSES):
    """Do something to another process of the same user; `pid` stands for its number."""
    source = f"""
import ctypes
def attack(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(b"\\1", 4096)
    address = ctypes.addressof(buffer)
    arguments = [ctypes.c_long(value) for value in [{arguments}]]
    return libc.syscall(ctypes.c_long({arm if ARM else x86}), *arguments) >= 0
"""
    return Attack(name, walls, source, "victim")


def connects(name, walls, family, target):
    source = f"""
import socket
def attack(address):
    with socket.socket({family}) as out:
        out.settimeout(2)
        out.connect(tuple(address) if isinstance(address, list) else address)
        return True
"""
    return Attack(name, walls, source, target)


ATTACKS = [
    # --- reading
    reads("read /etc", FILES, "etc"),
    reads("read a file of the user's", OWN_FILES, "secret"),
    reads("read another submission", OWN_FILES, "other_submission"),
    reads("read the assignment", FILES, "spec"),
    reads("read the reference", FILES, "reference"),
    reads("read the wanted values that are kept", OWN_FILES, "cache"),
    reads("read the grader's source", FILES, "engine"),
    reads("read the grader's memory map", OWN_FILES, "maps"),
    reads("read the grader's environment", OWN_FILES, "environ"),
    reads("read the grader's command line", FILES, "cmdline"),
    Attack(
        "read the grader's memory",
        OWN_FILES,
        """
def attack(pid):
    with open(f"/proc/{pid}/maps") as maps: start = int(maps.readline().partition("-")[0], 16)
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        memory.seek(start)
        return memory.read(10)
""",
        "victim",
    ),
    Attack(
        "unpickle a file of the user's",
        OWN_FILES,
        """
import numpy as np
def attack(path): return np.load(path, allow_pickle=True) is not None
""",
        "pickled",
    ),
    Attack("list the user's folder", OWN_FILES, "import os\ndef attack(path): return os.listdir(path)", "folder"),
    Attack("list the processes", FILES, "import os\ndef attack(): return '1' in os.listdir('/proc')"),
    Attack(
        "list the grader's descriptors",
        OWN_FILES,
        "import os\ndef attack(pid): return os.listdir(f'/proc/{pid}/fd')",
        "victim",
    ),
    Attack(
        "tell whether a file exists",
        ("namespaces",),
        "import os\ndef attack(path): return os.stat(path).st_size",
        "spec",
    ),
    Attack(
        "find what the fork server has open",
        ("descriptors",),
        """
import os
def attack():
    for number in range(4, 64):
        try: os.fstat(number)
        except OSError: continue
        return True
""",
    ),
    # --- writing
    Attack(
        "write a file",
        (*FILES, "rlimits"),
        """
import time
def attack(path):
    with open(f"{path}/{time.time_ns()}", "wb", 0) as file: return file.write(b"x")
""",
        "open_folder",
    ),
    Attack(
        "fill the disk",
        (*FILES, "rlimits"),
        """
import time
def attack(path):
    with open(f"{path}/{time.time_ns()}", "wb", 0) as file: return file.write(bytes(2**20))
""",
        "open_folder",
    ),
    Attack(
        "write to shared memory",
        (*FILES, "rlimits"),
        """
import time
def attack(path):
    with open(f"{path}{time.time_ns()}", "wb", 0) as file: return file.write(b"x")
""",
        "shm",
    ),
    Attack(
        "change a file through memory",
        (*OWN_FILES, "seccomp"),
        """
import mmap
def attack(path):
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        view[:1] = b"!"
        return True
""",
        "secret",
    ),
    Attack(
        "cut a file",
        (*OWN_FILES, "seccomp"),
        "import os\ndef attack(path):\n    os.truncate(path, 0)\n    return True",
        "secret",
    ),
    Attack(
        "remove a file",
        ("namespaces", "landlock", "seccomp"),
        "import os\ndef attack(path):\n    os.remove(path + '/theirs')\n    return True",
        "open_folder",
    ),
    Attack(
        "put a file in the place of another",
        ("namespaces", "landlock", "seccomp"),
        "import os\ndef attack(path):\n    os.rename(path + '/theirs', path + '/mine')\n    return True",
        "open_folder",
    ),
    Attack(
        "make a link",
        ("namespaces", "landlock", "seccomp"),
        "import os, time\ndef attack(path):\n    os.symlink('/etc/passwd', path + '/link' + str(time.time_ns()))\n    return True",
        "open_folder",
    ),
    Attack(
        "make a pipe",
        ("namespaces", "landlock", "seccomp"),
        "import os, time\ndef attack(path):\n    os.mkfifo(path + '/pipe' + str(time.time_ns()))\n    return True",
        "open_folder",
    ),
    Attack(
        "change who may read a file",
        PROCESSES,
        "import os\ndef attack(path):\n    os.chmod(path, 0o777)\n    return True",
        "secret",
    ),
    # --- the network
    connects("connect to loopback", NETWORK, "socket.AF_INET", "tcp"),
    connects("connect to a socket in the file system", ("namespaces", "seccomp"), "socket.AF_UNIX", "unix"),
    connects("connect to an abstract socket", NETWORK, "socket.AF_UNIX", "abstract"),
    Attack(
        "listen",
        ("seccomp", "landlock"),
        """
import socket
def attack():
    with socket.socket() as server:
        server.bind(("", 0))
        return True
""",
    ),
    Attack(
        "open a netlink socket",
        SURFACE,
        "import socket\ndef attack(): return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).fileno()",
    ),
    Attack(
        "open a raw socket",
        ("seccomp", "privileges"),
        "import socket\ndef attack(): return socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).fileno()",
        only_root=True,
    ),
    # --- new processes
    Attack(
        "fork",
        NEW_PROCESSES,
        """
import os, time
def attack():
    if os.fork() == 0: time.sleep(60)
    return True
""",
    ),
    Attack(
        "a fork bomb",
        NEW_PROCESSES,
        """
import os, time
def attack():
    for n in range(20):
        if os.fork() == 0:
            while True: time.sleep(1)
    return True
""",
    ),
    Attack(
        "a daemon",
        NEW_PROCESSES,
        """
import os, time
def attack():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: time.sleep(60)
        os._exit(0)
    return True
""",
    ),
    Attack(
        "a thread",
        NEW_PROCESSES,
        "import threading\ndef attack():\n    threading.Thread(target=int).start()\n    return True",
    ),
    # --- other processes
    Attack(
        "signal another process",
        (*PROCESSES, "landlock"),
        "import os\ndef attack(pid):\n    os.kill(pid, 0)\n    return True",
        "victim",
    ),
    on_victim("open another process", 434, 434, "pid, 0", ("namespaces", "seccomp")),
    on_victim("trace another process", 101, 117, "0x4206, pid, 0, 0", (*PROCESSES, "landlock")),
    Attack(
        "read another process's memory",
        (*PROCESSES, "landlock"),
        f"""
import ctypes, errno
def attack(pid):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer, number = ctypes.create_string_buffer(8), {270 if ARM else 310}
    here, there = ((ctypes.c_ulong * 2)(address, 8) for address in (ctypes.addressof(buffer), 4096))
    one, none = ctypes.c_ulong(1), ctypes.c_ulong(0)
    read = libc.syscall(ctypes.c_long(number), ctypes.c_long(pid), here, one, there, one, none)
    return read > 0 or ctypes.get_errno() == errno.EFAULT  # it may, and there is nothing at that address
""",
        "victim",
    ),
    on_victim("read another process's limits", 302, 261, "pid, 7, 0, address", PROCESSES),
    on_victim("move another process to a core", 203, 122, "pid, 8, address", PROCESSES),
    on_victim("slow another process down", 141, 140, "0, pid, 19", PROCESSES),
    on_victim("ask for another process to be signalled", 72, 25, "1, 8, pid", ("namespaces", "seccomp")),
    # --- the kernel's surface
    syscall("mount", 165, 40),
    syscall("unshare", 272, 97, "0x10000000, 0, 0"),
    syscall("bpf", 321, 280, "0x7f, 0, 0"),
    syscall("keyctl", 250, 219, "0, -3, 0"),
    syscall("perf_event_open", 298, 241),
    syscall("io_uring_setup", 425, 425),
    syscall("userfaultfd", 323, 282, "1"),
    syscall("memfd_create", 319, 279),
    syscall("personality", 135, 92, "0xffffffff"),
    syscall("sched_setscheduler", 144, 119),
    syscall("socketpair", 53, 199),
    syscall("execve", 59, 221),
    syscall("execveat", 322, 281),
    syscall("clone3", 435, 435),
    syscall("seccomp", 317, 277, "2, 0, 0"),
    syscall("chroot", 161, 51, only_root=True),
    syscall("setns", 308, 268),
    syscall("process_madvise", 440, 440, "-1, 0, 0, 0, 0"),
    syscall("sendmsg", 46, 211, "3, 0, 0"),
    syscall("prctl", 157, 167, "3"),
    Attack(
        "memory that is shared, and stays when it is unmapped",
        SURFACE,
        "import mmap\ndef attack(): return len(mmap.mmap(-1, 4096))",
    ),
    Attack(
        "a call in another architecture's numbering",
        SURFACE,
        """
import ctypes
def attack():
    ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 + 39))
    return True
""",
    ),
    Attack(
        "type on the terminal",
        SURFACE,
        """
import errno, fcntl
def attack():
    try: fcntl.ioctl(1, 0x5412, b"x")
    except OSError as error: return error.errno != errno.EPERM
    return True
""",
    ),
]
