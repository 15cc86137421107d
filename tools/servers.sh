#!/bin/sh
# Installs what the test of deploy/ runs where it is missing: nginx, PgBouncer, tini, openssl; root only.
set -eu
missing=""
for program in nginx pgbouncer tini openssl; do
  command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing="$missing $program"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "Missing:$missing, the test of deploy/ will fail: apt-get install nginx-light pgbouncer tini openssl" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends nginx-light pgbouncer tini openssl >/dev/null
# Their services are nobody's wish here.
for service in nginx pgbouncer; do
  service "$service" stop >/dev/null 2>&1 || true
done
