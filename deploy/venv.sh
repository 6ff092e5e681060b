#!/bin/sh
# venv.sh FOLDER LOCKFILE: a virtual environment with what the lock file pins, and Ringback itself.
set -eu
folder=$1 lock=$2

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 && usable "$name"; then echo "$name"; return; fi
    done
}

install() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "Ringback needs Python 3.11 or newer with venv. Install it (Debian: apt-get install python3-venv), then try again." >&2
        exit 2
    fi
    apt-get update -qq
    echo "installing Python ..."
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates >/dev/null
}

python=$(find_python)
if [ -z "$python" ] || ! "$python" -c 'import ensurepip' 2>/dev/null; then
    install
    python=$(find_python)
fi

[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
echo "installing what $lock pins into $folder ..."
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
