#!/usr/bin/env bash
# An Apache Kafka (and a schema registry) on loopback, for development and tests. `kafka.sh help` lists the commands.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
CACHE=$REPO/.local
LIBS=$CACHE/kafka-libs
REGISTRY_VERSION=2.3.1.Final
REGISTRY_HOME=$CACHE/registry-$REGISTRY_VERSION
UNAVAILABLE=69 # EX_UNAVAILABLE of sysexits.h
START_SECONDS=60
STOP_SECONDS=20

usage() {
  cat <<'TEXT'
usage: kafka.sh COMMAND [OPTIONS]

  fetch                                    Apache Kafka into .local/kafka-libs, once
  start [--nodes 1|3] [--port PORT] [--owner PID]
                                           start the brokers and wait until they answer; the data of an earlier
                                           start is kept; --owner stops them when that process is gone
  stop                                     stop everything that start and registry started
  status                                   nodes, ports and process ids; exit 1 unless all run
  kill-node N | stop-node N | start-node N SIGKILL, clean stop, start with the same data and ports
  registry start|stop                      schema registry (Apicurio, in memory)

--dir DIR (default .local/dev) holds data, logs and the files `bootstrap` (host:port,...) and `registry` (URL).
QUAYWATCH_KAFKA_JAVA_OPTS is added to the options of each broker.
TEXT
}

say() { printf 'kafka.sh: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
unavailable() { say "$*"; exit "$UNAVAILABLE"; }

need() { # command, how to get it
  command -v "$1" >/dev/null 2>&1 || unavailable "$1 is missing: $2"
}

need_java() {
  need java "install a JDK 17 or later (apt-get install openjdk-17-jre-headless)"
  local version
  version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
  if [ -z "$version" ] || [ "$version" -lt 17 ]; then
    unavailable "Apache Kafka needs Java 17 or later, and $(command -v java) is ${version:-of unknown version}"
  fi
}

maven() { # arguments
  need mvn "install Apache Maven 3.6 or later (apt-get install maven)"
  mvn -q -B -Dstyle.color=never "$@" >&2 || unavailable "Maven could not fetch from Maven Central: check the network and ~/.m2/settings.xml"
}

# Runs a function while holding a lock file, so that two builds do not fetch at once.
locked() { # lock file, function, arguments
  need flock "install util-linux"
  mkdir -p "$(dirname "$1")"
  local lock=$1
  shift
  (
    flock 9
    "$@"
  ) 9>"$lock"
}

fetch_kafka() {
  [ -f "$LIBS/.complete" ] && cmp -s "$HERE/pom.xml" "$LIBS/.complete" && return
  rm -rf "$LIBS"
  mkdir -p "$LIBS"
  say "fetching Apache Kafka from Maven Central into $LIBS"
  maven -f "$HERE/pom.xml" dependency:copy-dependencies -DoutputDirectory="$LIBS"
  cp "$HERE/pom.xml" "$LIBS/.complete"
}

fetch_registry() {
  [ -f "$REGISTRY_HOME/.complete" ] && return
  rm -rf "$REGISTRY_HOME"
  mkdir -p "$REGISTRY_HOME"
  say "fetching Apicurio Registry $REGISTRY_VERSION from Maven Central into $REGISTRY_HOME"
  maven org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="io.apicurio:apicurio-registry-app:$REGISTRY_VERSION:tar.gz:all" -DoutputDirectory="$REGISTRY_HOME"
  tar -xzf "$REGISTRY_HOME/apicurio-registry-app-$REGISTRY_VERSION-all.tar.gz" -C "$REGISTRY_HOME"
  rm -f "$REGISTRY_HOME"/*.tar.gz
  : >"$REGISTRY_HOME/.complete"
}

fetch() {
  need_java
  locked "$CACHE/fetch.lock" fetch_kafka
}

# --- processes -------------------------------------------------------------------------------------------------

arguments_of() { # pid
  if [ -r "/proc/$1/cmdline" ]; then tr '\0' ' ' <"/proc/$1/cmdline"; else ps -p "$1" -o args= 2>/dev/null; fi
}

# Prints the process id if the process of this pid file still runs and is ours: ids are used again.
running() { # pid file, text in its arguments
  local pid
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 1
  case $(arguments_of "$pid") in *"$2"*) echo "$pid" ;; *) return 1 ;; esac
}

detached() { # pid file, log file, command...
  local pid_file=$1 log=$2
  shift 2
  if command -v setsid >/dev/null 2>&1; then
    setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
  else
    nohup "$@" </dev/null >>"$log" 2>&1 9>&- &
  fi
  echo $! >"$pid_file"
}

wait_gone() { # pid, seconds
  local deadline=$((SECONDS + $2))
  while kill -0 "$1" 2>/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

end_process() { # pid file, text in its arguments
  local pid
  if pid=$(running "$1" "$2"); then
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_gone "$pid" "$STOP_SECONDS"; then
      say "process $pid did not stop within $STOP_SECONDS s and is killed"
      kill -KILL "$pid" 2>/dev/null || true
      wait_gone "$pid" 5 || true
    fi
  fi
  rm -f "$1"
}

listening() { # port
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Under the lock: the first free range of ports, remembered so that a start at the same time takes another.
# Ports stay below the ephemeral range of Linux, where a client could take them between stop and start.
choose_ports() { # directory for reservations
  local base offset other
  for _ in $(seq 1 200); do
    base=$((20000 + (RANDOM % 300) * 40))
    other=$(cat "$1/$base" 2>/dev/null || true)
    [ -n "$other" ] && [ "$(cat "$other/base" 2>/dev/null)" = "$base" ] && continue
    for offset in 0 1 10 11 20 21 30; do
      listening $((base + offset)) && continue 2
    done
    echo "$DIR" >"$1/$base"
    echo "$base" >"$DIR/base"
    return
  done
  fail "no free ports found between 20000 and 32000: give --port"
}

base() { cat "$DIR/base" 2>/dev/null || fail "$DIR has no brokers: run kafka.sh start --dir $DIR"; }
nodes() { cat "$DIR/nodes" 2>/dev/null || fail "$DIR has no brokers: run kafka.sh start --dir $DIR"; }
port_of() { echo $(($(base) + 10 * ($1 - 1))); }

# --- brokers ---------------------------------------------------------------------------------------------------

write_properties() { # node
  local node=$1 count replication in_sync voters="" n
  count=$(nodes)
  for n in $(seq 1 "$count"); do voters="$voters${voters:+,}$n@127.0.0.1:$(($(port_of "$n") + 1))"; done
  if [ "$count" -eq 3 ]; then replication=3 in_sync=2; else replication=1 in_sync=1; fi
  cat >"$DIR/n$node/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=$node
controller.quorum.voters=$voters
listeners=PLAINTEXT://127.0.0.1:$(port_of "$node"),CONTROLLER://127.0.0.1:$(($(port_of "$node") + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$(port_of "$node")
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$DIR/n$node/data
default.replication.factor=$replication
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$replication
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$replication
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=$replication
share.coordinator.state.topic.min.isr=$in_sync
share.coordinator.state.topic.num.partitions=4
auto.create.topics.enable=false
# 4 MiB and room for the batch around it.
message.max.bytes=4259840
replica.fetch.max.bytes=4259840
# Short waits: development and tests stop and start all the time.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
controlled.shutdown.retry.backoff.ms=500
log.initial.task.delay.ms=500
log.retention.check.interval.ms=5000
log.cleaner.backoff.ms=500
log.cleaner.threads=1
# Small memory.
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=1048576
num.network.threads=2
num.io.threads=4
PROPERTIES
}

format_node() { # node
  java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
    -cp "$LIBS/*" kafka.tools.StorageTool format --ignore-formatted -t "$(cat "$DIR/cluster-id")" \
    -c "$DIR/n$1/server.properties" >"$DIR/n$1/format.log" 2>&1 \
    || fail "formatting node $1 failed: $(tail -n 3 "$DIR/n$1/format.log")"
}

launch_node() { # node
  running "$DIR/n$1/pid" "$DIR/n$1/server.properties" >/dev/null && return
  listening "$(port_of "$1")" && fail "port $(port_of "$1") is taken by another process: stop it, or use another --dir"
  # shellcheck disable=SC2086 # a list of options
  detached "$DIR/n$1/pid" "$DIR/n$1/broker.log" \
    java -Xms128m -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:MaxMetaspaceSize=160m \
    -Dfile.encoding=UTF-8 -Djava.awt.headless=true -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -Dorg.slf4j.simpleLogger.log.org.apache.kafka.clients.NetworkClient=error \
    -Dorg.slf4j.simpleLogger.showDateTime=true ${QUAYWATCH_KAFKA_JAVA_OPTS:-} \
    -cp "$LIBS/*" kafka.Kafka "$DIR/n$1/server.properties"
}

# How many live brokers a node knows, by a Metadata request (version 4, no topics).
brokers_known_by() { # port
  # shellcheck disable=SC2016 # expanded by the inner shell
  timeout 2 bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf "\0\0\0\017\0\003\0\004\0\0\0\001\377\377\0\0\0\0\0" >&3
    # size, correlation id, throttle time, number of brokers: 4 bytes each
    set -- $(dd bs=1 count=16 <&3 2>/dev/null | od -An -v -tu1)
    echo "${16:-0}"' probe "$1" 2>/dev/null || echo 0
}

wait_node() { # node, brokers it must know
  local deadline=$((SECONDS + START_SECONDS))
  until [ "$(brokers_known_by "$(port_of "$1")")" -ge "$2" ]; do
    running "$DIR/n$1/pid" "$DIR/n$1/server.properties" >/dev/null \
      || fail "broker $1 ended while starting: $(tail -n 5 "$DIR/n$1/broker.log")"
    [ "$SECONDS" -lt "$deadline" ] || fail "broker $1 does not answer after $START_SECONDS s: see $DIR/n$1/broker.log"
    sleep 0.1
  done
}

prepare() { # nodes, port or nothing
  local count=$1 node pids=()
  if [ -f "$DIR/nodes" ]; then
    [ "$(nodes)" = "$count" ] || [ -z "$NODES" ] || fail "$DIR already holds a cluster of $(nodes): use another --dir"
    [ -z "$2" ] || [ "$(base)" = "$2" ] || fail "$DIR already holds a cluster on port $(base): use another --dir"
    return
  fi
  if [ -n "$2" ]; then
    echo "$2" >"$DIR/base"
  elif [ ! -f "$DIR/base" ]; then # a registry may have been first
    local reservations
    reservations=${TMPDIR:-/tmp}/quaywatch-ports-$(id -u)
    locked "$reservations/lock" choose_ports "$reservations"
  fi
  # A base64 number without '-' in front, which the tool would take for an option.
  head -c 16 /dev/urandom | base64 | tr '+/' 'Aa' | cut -c 1-22 >"$DIR/cluster-id"
  echo "$count" >"$DIR/nodes"
  for node in $(seq 1 "$count"); do
    mkdir -p "$DIR/n$node"
    write_properties "$node"
    format_node "$node" &
    pids+=($!)
  done
  for node in "${pids[@]}"; do
    wait "$node" || { rm -f "$DIR/nodes"; exit 1; }
  done
}

start() {
  fetch
  mkdir -p "$DIR"
  prepare "${NODES:-1}" "$PORT"
  local node count bootstrap=""
  count=$(nodes)
  for node in $(seq 1 "$count"); do launch_node "$node"; done
  [ -z "$OWNER" ] || detached "$DIR/watch.pid" "$DIR/watch.log" "${BASH_SOURCE[0]}" watch --owner "$OWNER" --dir "$DIR"
  for node in $(seq 1 "$count"); do
    wait_node "$node" "$count"
    bootstrap="$bootstrap${bootstrap:+,}127.0.0.1:$(port_of "$node")"
  done
  echo "$bootstrap" >"$DIR/bootstrap"
  echo "$bootstrap"
}

stop() {
  [ -d "$DIR" ] || return 0
  local node pids=()
  registry_stop
  # All at once: without a quorum the last one could not leave in order, and would wait.
  for node in "$DIR"/n[123]; do
    [ -d "$node" ] || continue
    end_process "$node/pid" "$node/server.properties" &
    pids+=($!)
  done
  for node in "${pids[@]}"; do wait "$node"; done
  rm -f "$DIR/bootstrap"
  # Last, as it may be the watch that runs this.
  [ "${1:-}" = watch ] || end_process "$DIR/watch.pid" "watch --owner"
}

# Runs beside the brokers of a test, which may be killed before it can stop them.
watch() {
  while kill -0 "$OWNER" 2>/dev/null; do
    [ -f "$DIR/nodes" ] || return 0
    sleep 1
  done
  stop watch
  rm -f "$DIR/watch.pid"
}

known_node() { # node
  case $1 in [123]) ;; *) fail "a node is 1, 2 or 3, not '$1'" ;; esac
  [ "$1" -le "$(nodes)" ] || fail "$DIR has $(nodes) node(s), not $1"
}

kill_node() { # node
  known_node "$1"
  local pid
  pid=$(running "$DIR/n$1/pid" "$DIR/n$1/server.properties") || fail "node $1 does not run"
  kill -KILL "$pid"
  wait_gone "$pid" 5 || fail "node $1 (process $pid) could not be killed"
  rm -f "$DIR/n$1/pid"
}

start_node() { # node
  known_node "$1"
  fetch
  launch_node "$1"
  wait_node "$1" 1
}

status() {
  local node pid count all=0
  count=$(nodes)
  for node in $(seq 1 "$count"); do
    if pid=$(running "$DIR/n$node/pid" "$DIR/n$node/server.properties"); then
      echo "node $node: 127.0.0.1:$(port_of "$node"), process $pid, sees $(brokers_known_by "$(port_of "$node")") of $count brokers"
    else
      echo "node $node: stopped"
      all=1
    fi
  done
  if running "$DIR/registry.pid" "$REGISTRY_HOME" >/dev/null; then echo "registry: $(cat "$DIR/registry")"; fi
  return "$all"
}

# --- schema registry -------------------------------------------------------------------------------------------

registry_start() {
  need_java
  locked "$CACHE/fetch.lock" fetch_registry
  mkdir -p "$DIR"
  local port deadline=$((SECONDS + START_SECONDS))
  if [ -n "$PORT" ]; then
    port=$PORT
  else
    if [ ! -f "$DIR/base" ]; then
      local reservations
      reservations=${TMPDIR:-/tmp}/quaywatch-ports-$(id -u)
      locked "$reservations/lock" choose_ports "$reservations"
    fi
    port=$(($(base) + 30))
  fi
  if ! running "$DIR/registry.pid" "$REGISTRY_HOME" >/dev/null; then
    listening "$port" && fail "port $port is taken by another process: stop it, or give --port"
    detached "$DIR/registry.pid" "$DIR/registry.log" \
      java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
      -jar "$REGISTRY_HOME/apicurio-registry-app-$REGISTRY_VERSION-runner.jar"
    echo "http://127.0.0.1:$port/apis/ccompat/v6" >"$DIR/registry"
  fi
  until answers_http "$port"; do
    running "$DIR/registry.pid" "$REGISTRY_HOME" >/dev/null \
      || fail "the registry ended while starting: $(tail -n 5 "$DIR/registry.log")"
    [ "$SECONDS" -lt "$deadline" ] || fail "the registry does not answer after $START_SECONDS s: see $DIR/registry.log"
    sleep 0.1
  done
  cat "$DIR/registry"
}

answers_http() { # port
  # shellcheck disable=SC2016 # expanded by the inner shell
  timeout 2 bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf "GET /apis/ccompat/v6/subjects HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&3
    read -r line <&3
    case $line in "HTTP/1."?" 200"*) exit 0 ;; *) exit 1 ;; esac' probe "$1" 2>/dev/null
}

registry_stop() {
  end_process "$DIR/registry.pid" "$REGISTRY_HOME"
  rm -f "$DIR/registry"
}

# --- command line ----------------------------------------------------------------------------------------------

DIR=$CACHE/dev NODES="" PORT="" OWNER=""
WORDS=()
while [ $# -gt 0 ]; do
  case $1 in
    --dir | --nodes | --port | --owner)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in --dir) DIR=$2 ;; --nodes) NODES=$2 ;; --port) PORT=$2 ;; --owner) OWNER=$2 ;; esac
      shift 2
      ;;
    -h | --help) WORDS=(help) && break ;;
    -*) fail "unknown option $1: see kafka.sh help" ;;
    *) WORDS+=("$1") && shift ;;
  esac
done
case $DIR in /*) ;; *) DIR=$PWD/$DIR ;; esac
case $NODES in "" | 1 | 3) ;; *) fail "--nodes is 1 or 3, not $NODES" ;; esac
case $PORT$OWNER in *[!0-9]*) fail "--port and --owner are numbers" ;; esac

case "${WORDS[*]:-help}" in
  help) usage ;;
  fetch) fetch ;;
  start) start ;;
  stop) stop ;;
  watch) watch ;;
  status) status ;;
  "kill-node "?) kill_node "${WORDS[1]}" ;;
  "stop-node "?) known_node "${WORDS[1]}" && end_process "$DIR/n${WORDS[1]}/pid" "$DIR/n${WORDS[1]}/server.properties" ;;
  "start-node "?) start_node "${WORDS[1]}" ;;
  "registry start") registry_start ;;
  "registry stop") registry_stop ;;
  *) say "unknown command: ${WORDS[*]}" && usage >&2 && exit 64 ;;
esac
