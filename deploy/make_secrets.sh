#!/bin/sh
# Makes the secrets of compose.yaml, each once; what is there already stays.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets

make() {
  # Whole or not at all. Containers read them as users of their own; the folder keeps others out.
  [ -s "secrets/$1" ] && return
  "$2" >"secrets/.$1"
  chmod 444 "secrets/.$1"
  mv "secrets/.$1" "secrets/$1"
  echo "made secrets/$1"
}
password() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
long() { head -c 48 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
# 32 bytes in the alphabet of URLs, as Fernet wants them.
key() { head -c 32 /dev/urandom | base64 | tr '+/' '-_'; }

make postgres_password password
make redis_password password
make admin_password password
make metrics_token password
make secret_key long
make message_encryption_keys key
