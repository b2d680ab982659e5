"""Runs the commands of a page one after another, as somebody would who types them, and reads what a page shows of them."""

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = "..."
LONGEST = 100
"""After how many seconds a command is ended, and its page fails."""
SECONDS = re.compile(r"\d+(\.\d+)? s\b")


@dataclass(frozen=True)
class Told:
    """What a command ended with."""

    command: str
    status: int
    text: str


class Shell:
    """A shell in a folder; where a command goes, the next one is."""

    def __init__(self, folder: Path) -> None:
        self.folder = self.home = folder
        for program in (folder / ".venv/bin").iterdir():
            program.chmod(0o755)

    def run(self, command: str) -> Told:
        """Run a command to its end; what watches is interrupted as soon as it says that it does."""
        where = self.home / ".venv/where"
        path = f"{self.home / '.venv/bin'}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "WHERE": str(where)}
        for name in ("COLUMNS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            environment.pop(name, None)
        script = f'trap : INT\n{command}\nstatus=$?\npwd > "$WHERE"\nexit $status'
        with subprocess.Popen(
            ["bash", "-c", script], cwd=self.folder, env=environment, text=True, encoding="utf-8",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                text = _until_it_watches(process) if "--watch" in command else process.communicate(timeout=LONGEST)[0]
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if where.exists():
            self.folder = Path(where.read_text().strip())
        return Told(command, process.returncode, text)


def _until_it_watches(process: subprocess.Popen[str]) -> str:
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Waiting for you to save"):
            os.killpg(process.pid, signal.SIGINT)
    return "".join(lines)


def commands(text: str) -> list[str]:
    """Return the commands of a block, each of which is a line, or several that end with a backslash."""
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def shows(shown: str, text: str) -> bool:
    """Tell whether a text is what is shown of it, where `...` stands for what is left out, and seconds for any others."""
    pattern = "".join(_line(line) for line in shown.splitlines())
    lines = SECONDS.sub("# s", text.rstrip()).splitlines()
    return re.fullmatch(pattern, "".join(f"{line.rstrip()}\n" for line in lines)) is not None


def _line(line: str) -> str:
    if line.strip() == LEFT_OUT:
        return r"(?:.*\n)*"
    return ".*".join(re.escape(part) for part in SECONDS.sub("# s", line.rstrip()).split(LEFT_OUT)) + r"\n"
