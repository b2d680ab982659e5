"""Each way out is shut at every level, by each of its walls alone; and with all of these down it is open."""

import pytest

from grader.sandbox.lockdown import LAYERS
from tests.sandbox.attacks import ATTACKS, ROOT
from tests.sandbox.conftest import LEVELS


def named(attack):
    return attack.name


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_an_attack_is_contained(attack, level, attempt, places):
    places.need("landlock")
    if level == "namespaces":
        places.need("namespaces")
    if LEVELS[level].isdisjoint(attack.walls):
        pytest.skip("not promised at the level of a container: what exists can be told, though not opened")
    out, outcome = attempt(attack, LEVELS[level])
    assert not out, outcome


@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_each_of_its_walls_stops_it_alone(attack, attempt, places):
    for wall in attack.walls:
        if wall in places.offered and lockable(places.offered - set(attack.walls) | {wall}):
            out, outcome = attempt(attack, places.offered - set(attack.walls) | {wall})
            assert not out, (wall, outcome)


@pytest.mark.parametrize("attack", ATTACKS, ids=named)
def test_without_its_walls_it_gets_out(attack, attempt, places):
    if attack.only_root and not ROOT:
        pytest.skip("an ordinary user may not do that, with walls or without")
    out, outcome = attempt(attack, places.offered - set(attack.walls))
    assert out, outcome


def lockable(layers):
    """Tell whether these layers can be put on: an ordinary user needs `privileges` for some of them."""
    return ROOT or "privileges" in layers or "namespaces" in layers or not layers & {"landlock", "seccomp"}


def test_every_layer_is_a_wall_to_something():
    assert set(LAYERS) - {wall for attack in ATTACKS for wall in attack.walls} == {"cgroup"}
