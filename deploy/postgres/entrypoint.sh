# Create the database in $PGDATA if it is missing, with the password in $POSTGRES_PASSWORD, then exec the server.
set -euo pipefail
: "${POSTGRES_PASSWORD:?the password of the database is missing}"
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb -U postgres --pwfile=<(printf '%s' "$POSTGRES_PASSWORD") --auth=scram-sha-256 --encoding=UTF8 --no-locale
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf" # initdb admits connections from this container only
fi
# The data lives for one drill, so durability is off. The image has no JIT compiler.
exec postgres -c listen_addresses='*' -c jit=off -c fsync=off -c full_page_writes=off -c synchronous_commit=off \
  -c shared_buffers=32MB -c max_connections=100 -c dynamic_shared_memory_type=mmap -c unix_socket_directories=/tmp
