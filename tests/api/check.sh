#!/usr/bin/env bash
# Checks the gateway's doors against their OpenAPI description with schemathesis, a property-based client from PyPI, on a
# gateway and an Apache Kafka of its own on loopback. The same requests each time. Arguments go to schemathesis.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
SCHEMATHESIS=4.32.5
VENV=$REPO/.local/schemathesis-$SCHEMATHESIS
BINARY=${QUAYWATCH_BINARY:-$REPO/target/debug/quaywatch}
EXAMPLES=${QUAYWATCH_API_EXAMPLES:-150}

command -v python3 >/dev/null || { echo "python3 is missing: apt-get install python3 python3-venv" >&2; exit 69; }
if [ ! -x "$VENV/bin/st" ]; then
  python3 -m venv "$VENV.new"
  "$VENV.new/bin/python" -m pip install --quiet --disable-pip-version-check "schemathesis==$SCHEMATHESIS"
  rm -rf "$VENV"
  mv "$VENV.new" "$VENV"
  # The scripts name the folder they were installed into.
  sed -i "1s|.*|#!$VENV/bin/python|" "$VENV/bin/st"
fi

WORK=$(mktemp -d)
stop() {
  [ -z "${GATEWAY:-}" ] || kill "$GATEWAY" 2>/dev/null || true
  "$REPO/deploy/local/kafka.sh" stop --dir "$WORK/kafka" >/dev/null 2>&1 || true
  rm -rf "$WORK"
}
trap stop EXIT

"$REPO/deploy/local/kafka.sh" start --dir "$WORK/kafka" --owner $$ >/dev/null
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
PORT=$(free_port)
ADMIN=$(free_port)
export QUAYWATCH_API_TOKEN=a-token-for-the-check-only
export QUAYWATCH_API_SECRET=$WORK/signature.secret
head -c 32 /dev/urandom | base64 >"$QUAYWATCH_API_SECRET"
cat >"$WORK/feeds.toml" <<TOML
[feeds.check.http]
secret_sha256 = "$(printf %s "$QUAYWATCH_API_TOKEN" | sha256sum | cut -d' ' -f1)"
signature_secret_files = ["$QUAYWATCH_API_SECRET"]
max_messages_per_second = 0
TOML
settings=(--set kafka.brokers="$(cat "$WORK/kafka/bootstrap")" --set files.feeds="$WORK/feeds.toml"
  --set files.agencies="$REPO/deploy/agencies.toml" --set gateway.listen="127.0.0.1:$PORT" --set admin.listen="127.0.0.1:$ADMIN"
  --set gateway.dedupe_window_s=0)
"$BINARY" "${settings[@]}" topics ensure >/dev/null
"$BINARY" "${settings[@]}" gateway 2>"$WORK/gateway.log" &
GATEWAY=$!

cd "$WORK" # it leaves files where it runs
SCHEMATHESIS_HOOKS=hooks PYTHONPATH="$HERE" "$VENV/bin/st" --config-file "$HERE/schemathesis.toml" \
  run "http://127.0.0.1:$PORT/openapi.json" --wait-for-schema 60 --max-examples "$EXAMPLES" "$@" \
  || { code=$?; tail -n 20 "$WORK/gateway.log" >&2; exit "$code"; }
kill -0 "$GATEWAY"
