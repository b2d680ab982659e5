"""What the image and its containers are made from is valid, whole and locked."""

import json
import socket
import tomllib
from importlib.resources import files

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from grader import __version__
from tests.conftest import ROOT

COMPOSE = yaml.safe_load((ROOT / "docker/compose.yaml").read_text())
LOCKS = {
    "network_mode": "none",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "pids_limit": 4096,
    "mem_limit": "${GRADER_MEMORY:-4g}",
}
SCHEMA = json.loads(files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text())


def test_each_of_its_containers_has_every_lock():
    for service in COMPOSE["services"].values():
        assert service | LOCKS == service


def test_students_code_has_another_user_and_only_the_socket():
    sandbox, grade = COMPOSE["services"]["sandbox"], COMPOSE["services"]["grade"]
    assert sandbox["volumes"] == ["socket:/run/grader"]
    assert "/course:size=1m,mode=755" in sandbox["tmpfs"]
    assert sandbox["user"] == "10001:10001" != grade["user"]
    writable = [volume for volume in grade["volumes"] if not volume.endswith(":ro")]
    assert writable == ["work:/tmp", "${RESULTS:-../results}:/course/results"]


@pytest.mark.parametrize("name", ["compose.yaml", "namespaces.yaml"])
def test_it_is_valid(name):
    document = yaml.safe_load((ROOT / "docker" / name).read_text())
    jsonschema.validate(document, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document | {"services": {"sandbox": {"read_onyl": True}}}, SCHEMA)


def test_more_is_allowed_for_namespaces_and_what_no_computation_needs_is_not():
    profile = json.loads((ROOT / "docker/seccomp.json").read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    free, sockets = [rule for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW"]
    allowed = set(free["names"])
    assert {"clone", "unshare", "setns", "mount", "umount2", "pivot_root", "mount_setattr"} <= allowed
    dangerous = "bpf kexec_load init_module io_uring_setup keyctl perf_event_open pidfd_getfd ptrace userfaultfd socket"
    assert not allowed & set(dangerous.split())
    not_to_the_host = [{"index": 0, "value": socket.AF_VSOCK, "op": "SCMP_CMP_NE"}]
    assert (sockets["names"], sockets["args"]) == (["socket"], not_to_the_host)


def test_the_image_says_the_version_that_this_is():
    assert f'image.version="{__version__}"' in (ROOT / "docker/Dockerfile").read_text()


def test_the_image_has_one_version_of_each_package_that_the_grader_and_the_shipped_assignments_need():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [Requirement(text) for text in (*project["dependencies"], *extras["execute"], *extras["plots"], "scipy")]
    lines = (ROOT / "docker/requirements.txt").read_text().split()
    pinned = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    assert [str(one) for one in wanted if pinned.get(canonicalize_name(one.name), "") not in one.specifier] == []
