#!/bin/sh
# Installs Debian's Chromium for the test that drives the page, where that is allowed; elsewhere that test says why it skips.
set -eu
if command -v chromium >/dev/null 2>&1; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "no Chromium, and it cannot be installed here: the browser test will be skipped"
    exit 0
fi
echo "installing Chromium for the browser test ..."
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
