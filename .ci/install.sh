#!/bin/sh
# Makes .venv in the checkout with the project in it, from wheels whose hashes the lock file knows. `install.sh test` adds what tests need.
# Does nothing when locks, setup.py, interpreter and place are those of the last time.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
kind=${1:-run}
stamp=.venv/installed-$kind

refuse() { echo "install: $1" >&2; exit 1; }

sum_of() { pwd | cat - setup.py pyproject.toml "$@" | cksum; }

# The wheels are those of the lock, never of what else this machine would offer; nothing is ever built from source but the project itself.
pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet "$@"; }

# One at a time: `make test` and `make demo` may be started together.
if command -v flock >/dev/null 2>&1 && [ -z "${INSTALL_LOCKED:-}" ]; then
    exec env INSTALL_LOCKED=1 flock .ci/install.sh sh .ci/install.sh "$kind"
fi

if [ "$kind" = run ]; then lock=requirements.lock; else lock=requirements-test.lock; fi
sum=$(sum_of requirements.lock $lock)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && .venv/bin/python -c '' 2>/dev/null; then exit 0; fi

command -v "$python" >/dev/null 2>&1 || refuse "Python 3.11 or newer is needed; there is no $python here (Debian: apt-get install python3 python3-venv)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    refuse "Python 3.11 or newer is needed; $python is $("$python" --version 2>&1 | head -n 1). Name a newer one: make install PYTHON=python3.12"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    refuse "$python lacks the venv module; install the package python3-venv (Debian: apt-get install python3-venv)"

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null || ! grep -qxF "$(pwd)" .venv/place 2>/dev/null; then
    echo "install: making .venv with $("$python" --version) (wheels only, about half a minute)"
    rm -rf .venv
    "$python" -m venv .venv
    pwd > .venv/place
else
    echo "install: bringing .venv up to date"
fi
pip install --require-hashes --only-binary :all: --requirement "$lock"
pip install --no-deps --no-build-isolation --editable .
# What tests need includes what running needs.
[ "$kind" = run ] || sum_of requirements.lock requirements.lock > .venv/installed-run
echo "$sum" > "$stamp"
echo "install: done"
