#!/bin/sh
# Gets the programs that tests run beside our own, where they are missing: `tools/programs.sh KIND`.
#   browser   Chromium, in which pages are opened, with a font
#   servers   what the test of deploy/ starts: nginx, PgBouncer, tini, openssl
#   promtool  tries the alert rules; only unpacked, for installing Debian's package would start a server
# Whoever is not root, or has no apt-get, is told what is missing; nothing here ends with an error.
set -eu
tools="$(cd "$(dirname "$0")" && pwd)"

# install_missing PACKAGES CONSEQUENCE PROGRAM...: the packages, when one of the programs is missing.
install_missing() {
  packages="$1" consequence="$2" missing=""
  shift 2
  for program; do
    command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing="$missing $program"
  done
  [ -n "$missing" ] || return 1
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing:$missing, $consequence: apt-get install $packages" >&2
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086 -- several packages
  apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

unpack_promtool() {
  target="$tools/../.venv/bin/promtool"
  if command -v promtool >/dev/null || [ -x "$target" ]; then return; fi
  if ! command -v apt-get >/dev/null; then
    echo "promtool is missing, the alert rules are not tried: install Prometheus" >&2
    return
  fi
  folder="$(mktemp -d)"
  trap 'rm -rf "$folder"' EXIT
  # apt-get downloads as an account of its own.
  chmod 755 "$folder"
  [ "$(id -u)" -ne 0 ] || apt-get update -qq
  if ! (cd "$folder" && apt-get download -qq prometheus >/dev/null 2>&1); then
    echo "promtool cannot be downloaded, the alert rules are not tried" >&2
    return
  fi
  dpkg-deb -x "$folder"/prometheus_*.deb "$folder/unpacked"
  install -m 755 "$folder/unpacked/usr/bin/promtool" "$target"
}

case "${1:-}" in
  browser)
    install_missing "chromium fonts-dejavu-core" "browser tests will fail" "${CHROMIUM:-chromium}" || true
    ;;
  servers)
    if install_missing "nginx-light pgbouncer tini openssl" "the test of deploy/ will fail" \
      nginx pgbouncer tini openssl; then
      # Their services are nobody's wish here.
      for service in nginx pgbouncer; do
        service "$service" stop >/dev/null 2>&1 || true
      done
    fi
    ;;
  promtool) unpack_promtool ;;
  *)
    echo "usage: tools/programs.sh browser|servers|promtool" >&2
    exit 2
    ;;
esac
