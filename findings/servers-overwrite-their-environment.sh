#!/usr/bin/env bash
# One would guess: a variable in the environment of a server is in /proc/PID/environ for as long as it runs, so processes that were
# started for one purpose can be found by a mark in it.
# What happens: redis-server and the workers of nginx write their process title over the memory of their environment. Their environ
# is empty then, and a mark in it is gone; that of nginx's first process too. So a mark finds none of them: only the group's id and
# the start time of its first process do.
# Version: redis-server 7.0.15, nginx 1.22.1 (Debian 12). Source: redis src/setproctitle.c, nginx src/os/unix/ngx_setproctitle.c.
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cat > "$folder/nginx.conf" <<CONF
daemon off; pid $folder/nginx.pid; error_log stderr; worker_processes 1;
events {} http { server { listen 127.0.0.1:17778; } }
CONF
env -i PATH="$PATH" MARK=here redis-server --port 17777 --bind 127.0.0.1 --save '' --dir "$folder" > "$folder/redis.log" & pids+=($!)
env -i PATH="$PATH" MARK=here nginx -p "$folder" -c nginx.conf -e stderr 2> "$folder/nginx.log" & pids+=($!)
env -i PATH="$PATH" MARK=here sleep 60 & pids+=($!)
sleep 2

shown() { printf '%s: %s bytes of environ without NULs, %s with MARK\n' "$1" "$(tr -d '\0' < "/proc/$2/environ" | wc -c)" "$(tr '\0' '\n' < "/proc/$2/environ" | grep -c ^MARK || true)"; }
worker=$(cat "/proc/${pids[1]}/task/${pids[1]}/children")
shown "redis-server" "${pids[0]}"
shown "nginx, first process" "${pids[1]}"
shown "nginx, worker" "${worker%% *}"
shown "sleep" "${pids[2]}"
for pid in "${pids[0]}" "${pids[1]}" "${worker%% *}"; do ! tr '\0' '\n' < "/proc/$pid/environ" | grep -q ^MARK; done
tr '\0' '\n' < "/proc/${pids[2]}/environ" | grep -q ^MARK
