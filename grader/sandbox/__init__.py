"""Runs code that nobody trusts, and brings back data.

    client (grader's process) ── orders ──► zygote ── fork ──► child: lockdown, then worker
       └────────────── two sockets for each child ────────────────┘

The zygote is a process that has imported numpy and nothing of a student's, and has moved to namespaces of its own.
Asked for a child it forks, and hands the fork a socket for requests and replies (`protocol`) and one for what the
student prints. The child locks itself (`lockdown`), loads the submission from bytes that come over the socket
(`modules`) and answers calls (`worker`) until the client has the zygote kill it. The zygote reads no request and the
child no verdict: all that a child says is data, checked by the client against lengths and types before it is used.

`spawned` starts the same worker as a process and nothing more: for the instructor's own Python, which may import what
is installed, and for students' where there is no sandbox.

`protocol`, `modules`, `worker`, `lockdown` and `zygote` live beside student code and import nothing else of the grader.
"""
