"""The engine, and the images that its tests need, made once."""

import pytest

from tests.docker import engine
from tests.docker.engine import Engine


@pytest.fixture(scope="session")
def bare():
    """An engine that has no image yet."""
    why = engine.missing()
    if why:
        pytest.skip(why)
    one = Engine()
    yield one
    left = one.left()
    traces = one.close()
    assert (left, traces, one.folder.exists()) == ([], [], False)


@pytest.fixture(scope="session")
def docker(bare):
    """An engine that has the grader's image."""
    bare.make_base()
    bare.build("proofgrade", "docker/Dockerfile")
    return bare


@pytest.fixture(scope="session")
def testing(docker):
    """The name of an image with the tests in it."""
    docker.build("proofgrade-tests", "tests/docker/Dockerfile")
    return "proofgrade-tests"
