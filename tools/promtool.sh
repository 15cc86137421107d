#!/bin/sh
# Puts promtool, which tries the alert rules, into the environment: Debian's package is only unpacked,
# for installing it would start a server.
set -eu
target="$(dirname "$0")/../.venv/bin/promtool"
{ command -v promtool >/dev/null || [ -x "$target" ]; } && exit 0
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$(dirname "$target")" && target="$PWD/promtool" && cd "$folder"
if ! command -v apt-get >/dev/null; then
  echo "promtool is missing, the alert rules are not tried: install Prometheus" >&2
  exit 0
fi
[ "$(id -u)" -ne 0 ] || apt-get update -qq
chmod 755 "$folder"
apt-get download -qq prometheus >/dev/null 2>&1 || {
  echo "promtool cannot be downloaded, the alert rules are not tried" >&2
  exit 0
}
dpkg-deb -x prometheus_*.deb unpacked
install -m 755 unpacked/usr/bin/promtool "$target"
