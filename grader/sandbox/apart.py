"""Starts fork servers for a grader that is elsewhere: in another container, as another user, with other files.

    grader ── connects to a socket in a folder that both can reach ──► this process ── starts ──► zygote
       └──────────── orders, as to a zygote of its own; with them go the children's sockets ───────────┘

So student code shares neither user nor files nor processes with what judges it, even if all other walls fell. The
kernel says who connects: a grader that is not apart is refused. It ends when it is told to.
"""

import json
import signal
import socket
import struct
import sys
from collections import deque
from os import geteuid
from pathlib import Path
from typing import TYPE_CHECKING

from grader.sandbox.launch import fork_server

if TYPE_CHECKING:
    from subprocess import Popen


def main() -> None:
    """Serve at the path that is the last argument."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the first process of a container is not ended without
    try:
        _serve(Path(sys.argv[-1]))
    except KeyboardInterrupt:
        sys.exit(0)
    except OSError as error:
        sys.exit(f"no socket at {sys.argv[-1]}: {error.strerror}")


def _serve(path: Path) -> None:
    path.unlink(missing_ok=True)
    started: list[Popen[bytes]] = []
    refused = deque[socket.socket](maxlen=8)  # open until they have read why
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
        listening.bind(str(path))
        path.chmod(0o666)
        listening.listen()
        while True:
            connection, _ = listening.accept()
            started = [one for one in started if one.poll() is None]
            try:
                problem = _not_apart(connection)
                if problem:
                    connection.send(json.dumps({"problem": problem}).encode())
                    refused.append(connection)
                else:
                    with connection:
                        started.append(fork_server(connection))
            except OSError as error:  # whoever asked finds that nothing answers, and the next may be luckier
                sys.stderr.write(f"no fork server was started: {error}\n")


def _not_apart(connection: socket.socket) -> str:
    """Return what student code would share with who connects; an empty text if it is nothing."""
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _ = struct.unpack("3i", packed)
    if pid:  # which is 0 of a process that cannot be seen from here
        return "the grader is among the processes that students' code would run beside"
    return f"the grader has the user number of students' code, {uid}" if uid == geteuid() else ""


if __name__ == "__main__":
    main()
