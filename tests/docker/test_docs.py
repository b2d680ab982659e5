"""The commands of `docs/ci/docker.md` and the README's, as they stand there, in a clone of the project and as an ordinary user."""

import shutil
import subprocess

import pytest

from tests import documented
from tests.conftest import INPUTS, ROOT, SOLUTION, SPEC, write
from tests.test_archives import zipped

pytestmark = pytest.mark.docker
USER = 1000
PLUGIN = """#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then
    echo '{"SchemaVersion": "0.1.0", "Vendor": "the tests", "Version": "1"}'
else
    shift
    exec docker-compose "$@"
fi
"""
"""Makes `docker compose` of `docker-compose`, which is what Debian's packages have."""
RIGHT = {"ann/work.py": SOLUTION, "bob/work.py": SOLUTION}
EXPECTED = {
    "docker/grade naive_em assignments": (1, "wrong_axis"),
    "docker/grade halves submissions --sandbox": (0, "2 submissions: 2 passed everything"),
    "docker/grade halves submissions.zip": (0, "Cleo"),
    "mkdir -p results\nexport": (0, "Score: 3 of 3"),
    "NAMESPACES=yes": (0, "✓ notebook"),
    "docker run --rm --security-opt": (0, "level `user`"),
    "docker build": (0, "Successfully tagged proofgrade:latest"),
    "mkdir -p results\ndocker run": (0, "Score: 3 of 3"),
}
"""With what each block, by how it begins, ends, and what it says among other things."""


@pytest.fixture(scope="module")
def clone(docker):
    """A clone of the project, and a user's own files in it."""
    folder = docker.folder / "clone"
    folder.mkdir()
    names = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    subprocess.run(
        ["xargs", "-0", "cp", "--parents", "-t", folder], cwd=ROOT, input=names.stdout, text=True, check=True
    )
    spec = SPEC.replace("name: small", "name: halves")
    write(folder / "assignments/halves", {"assignment.yaml": spec, "inputs.py": INPUTS, "solution.py": SOLUTION})
    write(folder / "assignments", {"class.csv": "id,name\nann,Ann\nbob,Bob\ncleo,Cleo\n"})
    write(folder / "plugins/cli-plugins", {"docker-compose": PLUGIN})
    (folder / "plugins/cli-plugins/docker-compose").chmod(0o755)
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, USER, USER)
    docker.folder.chmod(0o755)
    (docker.folder / "socket").chmod(0o666)
    return folder


def handed_in(folder, block):
    """Lay out what was handed in for a block, and nothing else of before."""
    for name in ("submissions", "results"):
        shutil.rmtree(folder / name, ignore_errors=True)
    if "halves" in block.text:
        write(folder / "submissions", RIGHT)
    else:
        shutil.copytree(ROOT / "assignments/naive_em/samples/right_loops", folder / "submissions/ann")
    (folder / "submissions.zip").write_bytes(zipped(RIGHT))


OURS = "tests/docker/test_docs.py"
BLOCKS = [block for block in documented.blocks("docs/ci/docker.md") if block.language == "sh"]


def test_every_block_is_tried():
    begun = [key for block in BLOCKS for key in EXPECTED if block.text.startswith(key)]
    assert begun == list(EXPECTED)
    assert {block.tested_by for block in documented.blocks("docs/ci/docker.md")} == {OURS}
    (first,) = [block for block in documented.blocks("README.md") if block.tested_by == OURS]
    assert first.text == BLOCKS[0].text


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.text[:40].replace("\n", " "))
def test_a_documented_command_does_what_the_page_says(block, docker, clone):
    handed_in(clone, block)
    as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "bash", "-e", "-c", block.text]
    env = {"DOCKER_CONFIG": f"{clone}/plugins", "HOME": str(clone)}
    done = docker.run(*as_user, cwd=clone, check=False, **env)
    status, said = next(value for key, value in EXPECTED.items() if block.text.startswith(key))
    assert done.returncode == status, done.stderr
    assert said in done.stdout + done.stderr
    if "results" in block.text or "docker/grade" in block.text:
        assert (clone / "results/summary.html").stat().st_uid == USER
    assert docker.left() == []
