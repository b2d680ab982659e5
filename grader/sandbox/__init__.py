"""Runs code that nobody trusts, and brings back data.

    client (grader's process) ── control socket ──► zygote ── fork ──► child: worker
       └────────────── one socket and two pipes per child ──────────────┘

The zygote is a process that has imported numpy and nothing of a student's. Asked for a child it forks, and hands
the fork one end of a socket (requests and replies, `protocol`) and two pipes (what the student prints). The child
loads the submission from bytes that come over the socket (`modules`) and answers calls (`worker`) until the client
closes the socket or has the zygote kill it. The zygote reads no request and the child no verdict: all that a child
says is data, checked by the client against lengths and types before it is used.

The instructor's own Python runs in the same worker, started as a process of its own that may import what is installed.

`protocol`, `modules`, `worker` and `zygote` live beside student code and import nothing else of the grader.
"""
