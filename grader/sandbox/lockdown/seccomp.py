"""The last layer: which system calls there are at all, by a filter in classic BPF that the kernel runs at each call.

What is not listed fails with EPERM. A call in another architecture's numbering ends the process.
"""

import contextlib
import ctypes
import os
import socket
import struct
import threading

from grader.sandbox.lockdown import system
from grader.sandbox.lockdown.layer import BrokenError, Layer, Settings

_TABLE = """
    read 0 63                write 1 64               open 2 -                 close 3 57
    stat 4 -                 fstat 5 80               lstat 6 -                poll 7 -
    lseek 8 62               mprotect 10 226          munmap 11 215            brk 12 214
    rt_sigaction 13 134      rt_sigprocmask 14 135    rt_sigreturn 15 139      pread64 17 67
    readv 19 65              writev 20 66             access 21 -              select 23 -
    sched_yield 24 124       mremap 25 216            madvise 28 233           dup 32 23
    dup2 33 -                nanosleep 35 101         getitimer 36 102         alarm 37 -
    setitimer 38 103         getpid 39 172            sendto 44 206            recvfrom 45 207
    getsockname 51 204       getpeername 52 205       getsockopt 55 209        exit 60 93
    uname 63 160             getcwd 79 17             chdir 80 49              readlink 89 -
    umask 95 166             gettimeofday 96 169      getrlimit 97 163         getrusage 98 165
    sysinfo 99 179           times 100 153            getuid 102 174           getgid 104 176
    geteuid 107 175          getegid 108 177          getppid 110 173          getpgrp 111 -
    getgroups 115 158        getpgid 121 155          getsid 124 156           sigaltstack 131 132
    getpriority 140 141      gettid 186 178           time 201 -               futex 202 98
    sched_getaffinity 204 123 getdents64 217 61        restart_syscall 219 128  clock_gettime 228 113
    clock_getres 229 114     clock_nanosleep 230 115  exit_group 231 94        openat 257 56
    newfstatat 262 79        readlinkat 267 78        faccessat 269 48         pselect6 270 72
    ppoll 271 73             set_robust_list 273 99   dup3 292 24              getrandom 318 278
    membarrier 324 283       statx 332 291            rseq 334 293             close_range 436 436
    faccessat2 439 439
"""
"""Name, number on x86-64 and on ARM64."""
_SCRATCH = """
    pwrite64 18 68      fsync 74 82         fdatasync 75 83     truncate 76 45      ftruncate 77 46     rename 82 -
    mkdir 83 -          rmdir 84 -          unlink 87 -         mkdirat 258 34      unlinkat 263 35     renameat 264 38
    utimensat 280 88    fallocate 285 47    chmod 90 -          fchmod 91 52        fchmodat 268 53     statfs 137 43
    fstatfs 138 44      listxattr 194 11    llistxattr 195 12   flistxattr 196 13
"""
"""What is added where there is a folder to write into."""
_KERNEL = """
    pipe 22 -           pipe2 293 59        eventfd2 290 19     epoll_create1 291 20 epoll_ctl 233 21   epoll_wait 232 -
    epoll_pwait 281 22  bind 49 200         listen 50 201       connect 42 203      accept 43 202       accept4 288 242
    setsockopt 54 208   shutdown 48 210     kill 62 129         tgkill 234 131      waitid 247 95       wait4 61 260
    sched_getparam 143 121                  sched_getscheduler 145 120
"""
"""What is added for a kernel: its client and it talk over sockets in their own folder, and it can be interrupted."""
_ALL = 0xFFFF_FFFF
_EPERM, _ENOSYS, _EAFNOSUPPORT = 0x0005_0001, 0x0005_0026, 0x0005_0061
_CHECKED = {
    "mmap": ((9, 222), 3, 0x3, (2,)),
    "ioctl": ((16, 29), 1, _ALL, (0x5401, 0x802C_542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)),
    "fcntl": ((72, 25), 1, _ALL, (0, 1, 2, 3, 4, 5, 6, 7, 1030)),
    "prlimit64": ((302, 261), 0, _ALL, (0,)),
}
"""Calls of which some bits of an argument must be one of a few values: numbers, argument, bits, values.

mmap: private memory. What is shared stays after it is unmapped, where no limit on the address space counts it.
ioctl: ask for a terminal's settings and size, for what is there to read, set non-blocking and close-on-exec.
fcntl: duplicate, read and set flags, lock; not who is to get a signal, by which another process could be killed.
prlimit64: the limits of this process only.
"""
_KERNEL_CHECKED: dict[str, tuple[tuple[int, int], int, int, tuple[int, ...], int]] = {
    "clone": ((56, 220), 0, 0x7E03_0000, (0x1_0000,), _EPERM),
    "clone3": ((435, 435), 0, _ALL, (), _ENOSYS),
    "socket": ((41, 198), 0, _ALL, (1,), _EAFNOSUPPORT),
    "socketpair": ((53, 199), 0, _ALL, (1,), _EAFNOSUPPORT),
    "sched_setscheduler": ((144, 119), 1, _ALL, (0,), _EPERM),
}
"""The same for a kernel, with the answer where it is refused.

clone: threads, no processes and no namespaces.
clone3: keeps its flags where no filter can look; the C library goes on with clone where there is none.
socket, socketpair: AF_UNIX. ZeroMQ ends the process on any other refusal than that of the family.
sched_setscheduler: the ordinary one, which ZeroMQ sets for its threads.
"""
_AUDIT = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_X32 = 0x4000_0000

_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _KILL = 0x7FFF_0000, 0x8000_0000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_SET_MODE_FILTER, _GET_ACTION_AVAIL = 1, 2


def numbers(table: str, architecture: str) -> dict[str, int]:
    """Return the calls of a table that an architecture has, by name."""
    words = table.split()
    rows = zip(words[::3], words[1 + (architecture == "aarch64") :: 3], strict=True)
    return {name: int(number) for name, number in rows if number != "-"}


def program(architecture: str, *, scratch: bool, kernel: bool = False) -> list[tuple[int, int, int, int]]:
    """Return the filter: instructions (code, jump if true, jump if false, operand)."""
    table = _TABLE + (_SCRATCH if scratch else "") + (_KERNEL if kernel else "")
    allowed = sorted(numbers(table, architecture).values())
    checked = [(*check, _EPERM) for check in _CHECKED.values()] + list(_KERNEL_CHECKED.values() if kernel else ())
    checks = [
        step
        for numbers_of, argument, bits, values, refusal in checked
        for step in _check(numbers_of[architecture == "aarch64"], argument, bits, values, refusal)
    ]
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, _AUDIT[architecture]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _KILL),
        *((_EQUAL, len(allowed) - n + len(checks), 0, number) for n, number in enumerate(allowed)),
        *checks,
        (_RETURN, 0, 0, _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]
    if len(steps) > 255:
        raise ValueError("a jump in classic BPF goes no further than 255 steps")
    return steps


def _check(
    number: int, argument: int, bits: int, values: tuple[int, ...], refusal: int
) -> list[tuple[int, int, int, int]]:
    """Return the steps that answer for one call, if it is that, by bits of the lower half of an argument."""
    tests = [(_EQUAL, len(values) - n, 0, value) for n, value in enumerate(values)]
    load = [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument), (_AND, 0, 0, bits)]
    steps = [*load, *tests, (_RETURN, 0, 0, refusal), (_RETURN, 0, 0, _ALLOW)]
    return [(_EQUAL, 0, len(steps), number), *steps]


class Seccomp(Layer):
    """A filter compiled once in the zygote, and loaded by each child."""

    what = "processes, threads, programs, sockets, signals, what no computation needs"
    remedy = "use x86-64 or ARM64, and a kernel with CONFIG_SECCOMP_FILTER"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        steps = program(system.ARCHITECTURE, scratch=settings.scratch > 0, kernel=settings.kernel)
        self._code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
        self._filter = struct.pack("@HP", len(steps), ctypes.addressof(self._code))

    def missing(self) -> str:
        """Ask the kernel whether a filter may refuse a call."""
        try:
            system.call("seccomp", _GET_ACTION_AVAIL, 0, struct.pack("=I", _EPERM & 0xFFFF_0000))
        except OSError as error:
            return f"no filter can be loaded: {error.strerror}"
        return ""

    def apply(self) -> None:
        """Load it; nothing can take it away again."""
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)  # which the kernel demands of those without privileges
        system.call("seccomp", _SET_MODE_FILTER, 0, self._filter)

    def probe(self) -> None:
        """Try to open a socket, to start a process and a thread, and to end another process."""
        with contextlib.suppress(OSError):
            socket.socket(socket.AF_INET if self.settings.kernel else socket.AF_UNIX).close()
            raise BrokenError("can open a socket")
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                os._exit(0)
            raise BrokenError("can start a process")
        if self.settings.kernel:
            return
        with contextlib.suppress(RuntimeError):
            threading.Thread(target=int).start()
            raise BrokenError("can start a thread")
        with contextlib.suppress(OSError):
            os.kill(os.getpid(), 0)
            raise BrokenError("can send a signal")
