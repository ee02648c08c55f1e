#!/bin/sh
# Makes .venv in the checkout with the project in it, from wheels whose hashes the lock file knows. `install.sh test` adds what tests need.
# Does nothing when locks, setup.py, interpreter and place are those of the last time.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
kind=${1:-run}
stamp=.venv/installed-$kind

refuse() { echo "install: $1" >&2; exit 1; }

wanted() { pwd; cat setup.py pyproject.toml requirements.lock; [ "$kind" = run ] || cat requirements-test.lock; }

# The wheels are those of the lock, never of what else this machine would offer; nothing is ever built from source but the project itself.
pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet "$@"; }

# One at a time: `make test` and `make demo` may be started together.
if command -v flock >/dev/null 2>&1 && [ -z "${INSTALL_LOCKED:-}" ]; then
    exec env INSTALL_LOCKED=1 flock .ci/install.sh sh .ci/install.sh "$kind"
fi

sum=$(wanted | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && .venv/bin/python -c '' 2>/dev/null; then exit 0; fi

command -v "$python" >/dev/null 2>&1 || refuse "Python 3.11 or newer is needed; there is no $python here (Debian: apt-get install python3 python3-venv)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    refuse "Python 3.11 or newer is needed; $python is $("$python" --version 2>&1). Name a newer one: make install PYTHON=python3.12"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    refuse "$python lacks the venv module; install the package python3-venv (Debian: apt-get install python3-venv)"

echo "install: making .venv with $("$python" --version) (wheels only, about half a minute)"
if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null || ! grep -qxF "$(pwd)" .venv/place 2>/dev/null; then
    rm -rf .venv
    "$python" -m venv .venv
    pwd > .venv/place
fi
lock=requirements.lock
[ "$kind" = run ] || lock=requirements-test.lock
pip install --require-hashes --only-binary :all: --requirement "$lock"
pip install --no-deps --no-build-isolation --editable .
echo "$sum" > "$stamp"
if [ "$kind" = test ]; then wanted_run() { pwd; cat setup.py pyproject.toml requirements.lock; }; wanted_run | cksum > .venv/installed-run; fi
echo "install: done"
