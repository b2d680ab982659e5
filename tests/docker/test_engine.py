"""The tests' own engine leaves nothing, and finds what is left."""

import subprocess

import pytest

pytestmark = pytest.mark.docker


def test_what_an_engine_leaves_is_found(bare):
    bare.docker("volume", "create", "forgotten")
    assert bare.left() == ["forgotten"]
    bare.docker("volume", "rm", "forgotten")
    assert bare.left() == []
    assert any(process["pid"] == bare._daemon.pid for process in bare.traces())
    (bare.folder / "mounted").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", bare.folder / "mounted"], check=True)
    assert any("mounted" in str(trace) for trace in bare.traces())
    subprocess.run(["umount", bare.folder / "mounted"], check=True)
