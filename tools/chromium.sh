#!/bin/sh
# Installs the browser that tests open pages in, with a font, where it is missing; root only.
set -eu
command -v "${CHROMIUM:-chromium}" >/dev/null && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Chromium is missing, browser tests will fail: apt-get install chromium fonts-dejavu-core" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
