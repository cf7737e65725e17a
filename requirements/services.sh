#!/bin/sh
# Usage: requirements/services.sh start|stop|environment
# Starts the servers that tests talk to, each on a free port of the loopback and with its files in a temporary folder;
# installs with apt-get what is missing, where that is permitted. `environment` prints NAME=VALUE for those that answer.
# SERVICES= chooses some of them.
# A service is three functions, start_<service>, stop_<service> and is_running_<service>, and a line in SERVICES.
set -eu
PATH="$PATH:/usr/sbin:/sbin" # runuser, on Debian

SERVICES="${SERVICES:-postgresql redis}"
STATE=.services # per service: its folder and the variable that tells tests about it; ignored by git

fail() {
    printf '\nossian: %s\n' "$1" >&2
    exit 1
}

free_port() {
    .venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

random_word() {
    .venv/bin/python -c 'import secrets; print(secrets.token_hex(16))'
}

folder_of() {
    cat "$STATE/$1.folder" 2>/dev/null
}

install_package() { # as root, or as one who may become root without a password
    package=$1 advice=$2
    if ! command -v apt-get >/dev/null; then fail "$advice"; fi
    if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else fail "$advice"; fi
    echo "Installing $package …"
    for try in 1 2; do
        if $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >&2; then
            return
        fi
        if [ "$try" = 1 ]; then $as_root apt-get update -qq >&2 || true; fi # the list of packages may be old or missing
    done
    fail "$advice"
}

# --- PostgreSQL -------------------------------------------------------------------------------------------------------

postgresql_programs() { # the newest version's folder; POSTGRESQL names another one
    if command -v pg_ctl >/dev/null; then
        dirname "$(command -v pg_ctl)"
    else
        for folder in ${POSTGRESQL:-/usr/lib/postgresql/*/bin}; do
            if [ -x "$folder/pg_ctl" ]; then echo "$folder"; fi
        done | sort -t / -k 5 -n | tail -1
    fi
}

as_postgresql() { # it refuses to run as root
    if [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}

start_postgresql() {
    if [ -z "$(postgresql_programs)" ]; then
        install_package postgresql "PostgreSQL is not installed, and apt-get may not be used here.
On Debian and Ubuntu: sudo apt install postgresql. On a Mac: brew install postgresql@17. Its pg_ctl must be on the PATH."
    fi
    programs=$(postgresql_programs) port=$(free_port) password=$(random_word) folder=$(mktemp -d)
    printf '%s\n' "$password" >"$folder/password"
    if [ "$(id -u)" = 0 ]; then chown -R postgres "$folder"; fi
    as_postgresql "$programs/initdb" --pgdata "$folder/cluster" --username ossian --pwfile "$folder/password" \
        --auth scram-sha-256 --encoding UTF8 --locale C >"$folder/initdb.log" || fail "initdb failed: see $folder/initdb.log"
    as_postgresql "$programs/pg_ctl" --pgdata "$folder/cluster" --log "$folder/cluster.log" --wait --silent start \
        --options "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$folder" ||
        fail "PostgreSQL did not start: see $folder/cluster.log"
    echo "$folder" >"$STATE/postgresql.folder"
    echo "TEST_POSTGRESQL_URL=postgresql://ossian:$password@127.0.0.1:$port/postgres" >"$STATE/postgresql.environment"
}

is_running_postgresql() {
    folder=$(folder_of postgresql) && [ -n "$(postgresql_programs)" ] &&
        as_postgresql "$(postgresql_programs)/pg_ctl" --pgdata "$folder/cluster" status >/dev/null 2>&1
}

stop_postgresql() {
    as_postgresql "$(postgresql_programs)/pg_ctl" --pgdata "$(folder_of postgresql)/cluster" --mode immediate --silent stop
}

# --- Redis ------------------------------------------------------------------------------------------------------------

start_redis() {
    if ! command -v redis-server >/dev/null; then
        install_package redis-server "Redis is not installed, and apt-get may not be used here.
On Debian and Ubuntu: sudo apt install redis-server. On a Mac: brew install redis. Its redis-server must be on the PATH."
    fi
    port=$(free_port) password=$(random_word) folder=$(mktemp -d)
    cat >"$folder/redis.conf" <<END # a file, since the arguments of a process can be read by all users
bind 127.0.0.1
port $port
requirepass $password
databases 1024
save ""
dir $folder
pidfile $folder/redis.pid
logfile $folder/redis.log
daemonize yes
END
    echo "$folder" >"$STATE/redis.folder"
    echo "TEST_REDIS_URL=redis://:$password@127.0.0.1:$port/0" >"$STATE/redis.environment"
    redis-server "$folder/redis.conf" || fail "Redis did not start: see $folder/redis.log"
    for try in 1 2 3 4 5 6 7 8 9 10; do
        if is_running_redis; then return; fi
        sleep "0.$try"
    done
    fail "Redis does not answer: see $folder/redis.log"
}

ask_redis() { # in its own words: ping, shutdown
    folder=$(folder_of redis) && command -v redis-cli >/dev/null || return 1
    REDISCLI_AUTH=$(sed -n 's/^requirepass //p' "$folder/redis.conf") \
        redis-cli -p "$(sed -n 's/^port //p' "$folder/redis.conf")" "$@" 2>/dev/null
}

is_running_redis() {
    [ "$(ask_redis ping)" = PONG ]
}

stop_redis() {
    ask_redis shutdown nosave
}

# ----------------------------------------------------------------------------------------------------------------------

start() {
    (umask 077 && mkdir -p "$STATE")
    for service in $SERVICES; do
        if "is_running_$service"; then echo "$service is running already."; continue; fi
        forget "$service"
        (umask 077 && "start_$service") || exit 1
        echo "$service is running; 'make services-stop' ends it."
    done
}

stop() {
    for service in $SERVICES; do
        if "is_running_$service"; then "stop_$service"; fi
        forget "$service"
    done
}

forget() {
    if folder=$(folder_of "$1") && [ -n "$folder" ]; then rm -rf "$folder"; fi
    rm -f "$STATE/$1.folder" "$STATE/$1.environment"
}

environment() {
    for service in $SERVICES; do
        if "is_running_$service"; then cat "$STATE/$service.environment"; fi
    done
}

cd "$(dirname "$0")/.."
case "${1:-}" in
start | stop | environment) "$1" ;;
*) fail "usage: requirements/services.sh start|stop|environment" ;;
esac
