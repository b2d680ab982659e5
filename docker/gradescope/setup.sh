#!/bin/sh
# Runs once, as root, when Gradescope builds the image of an assignment: makes an environment for the grader, with the
# versions that it was packaged with, and lets nobody but root read what is in the package.
set -eu
umask 022 # students' processes are other users, and read Python and its packages
root=${AUTOGRADER_ROOT:-/autograder}
source=$root/source
wanted=$(cat "$source/.python-version")

find_python() {
    for name in "python$wanted" python3 python3.11 python3.12 python3.13 python3.14; do
        if "$name" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
}

python=$(find_python)
if [ -z "$python" ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    for package in "python$wanted-venv" python3-venv python3.11-venv; do
        if apt-get install -qq -y --no-install-recommends "$package"; then
            python=$(find_python)
        fi
        [ -z "$python" ] || break
    done
fi
if [ -z "$python" ]; then
    echo "setup.sh: there is no Python 3.11 or later here, and none to install: choose a newer base image in Gradescope" >&2
    exit 1
fi
echo "setup.sh: packaged with Python $wanted, installed with $("$python" --version)"

"$python" -m venv "$root/venv"
"$root/venv/bin/python" -m pip install -q --disable-pip-version-check --no-cache-dir -r "$source/requirements.txt"
site=$("$root/venv/bin/python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$source/python" >"$site/grader.pth"
"$root/venv/bin/python" -I -m compileall -q "$source/python/grader"
chmod -R go= "$source"
