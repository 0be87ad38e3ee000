# Shared by .ci/run and ci/nightly: the virtual environment, the tools and the engine of a run. Source it from the project's root.

began_s=$SECONDS
unset PYTHONDONTWRITEBYTECODE  # set in some images; each process would compile the project again
step() { printf '\n== %s  (%d s)\n' "$*" $((SECONDS - began_s)); }
skipped=()
skip() { skipped+=("$*"); printf 'skipped: %s\n' "$*"; }

apt_install() {  # apt_install TOOL=PACKAGE…: installs what is missing, where this user may
  local each missing=()
  for each in "$@"; do command -v "${each%%=*}" >/dev/null || missing+=("${each##*=}"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

make_venv() {  # an empty virtual environment in .ci/venv, activated; pip installs the locked versions
  local python=${PYTHON:-python3}
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed: set PYTHON"
    exit 2
  }
  rm -rf .ci/venv
  "$python" -m venv .ci/venv
  . .ci/venv/bin/activate
  export PIP_CONSTRAINT=$PWD/requirements/lock.txt PIP_DISABLE_PIP_VERSION_CHECK=1
  python -m pip install --quiet --upgrade pip
}

engine() { docker info >/dev/null 2>&1; }

kit=../shared/kind  # provides an engine and images on machines that reach no image registry; others have their own
make_engine() {  # a Docker engine with the base image and the node image; fails where there is none
  if ! engine && [ "$(id -u)" = 0 ] && [ -x "$kit/engine" ]; then
    trap '"$kit/engine" stop' EXIT
    "$kit/engine" || return 1
  fi
  engine || return 1
  export TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_CONNECTION_MODE=docker_host
  if [ -x "$kit/base-image" ] && [ -z "${GAMEDAY_BASE_IMAGE:-}" ]; then
    local base node
    "$kit/tools" && base=$("$kit/base-image" | tail -n 1) && node=$("$kit/node-image" | tail -n 1) || return 1
    export GAMEDAY_BASE_IMAGE=$base GAMEDAY_NODE_IMAGE=$node
  fi
  echo "base image ${GAMEDAY_BASE_IMAGE:-(the Dockerfile's)}, node image ${GAMEDAY_NODE_IMAGE:-(kind's)}"
}

make_compose() {  # the compose plugin of the docker command: Debian's, from a container, where it is missing
  docker compose version >/dev/null 2>&1 && return
  export DOCKER_CONFIG=$PWD/.ci/docker
  docker compose version 2>/dev/null && return
  [ -n "${GAMEDAY_BASE_IMAGE:-}" ] || return 1
  local plugin=usr/libexec/docker/cli-plugins/docker-compose
  mkdir -p "$DOCKER_CONFIG/cli-plugins"
  docker run --rm "$GAMEDAY_BASE_IMAGE" bash -euo pipefail -c "cd /tmp; { apt-get update; apt-get download docker-compose; } >&2
    dpkg-deb --fsys-tarfile docker-compose_*.deb | tar -xO ./$plugin" >"$DOCKER_CONFIG/cli-plugins/docker-compose" || return 1
  chmod +x "$DOCKER_CONFIG/cli-plugins/docker-compose" && docker compose version
}

ours() {  # containers and clusters of gameday; clusters of the machine's owner may stay as they are
  if engine; then
    docker ps --all --filter label=gameday.platform --format '{{.ID}} {{.Names}}'
    kind get clusters 2>/dev/null || true
  fi
}

nothing_left() {  # nothing_left BEFORE: the work tree is clean and no container or cluster was left behind
  test -z "$(git status --porcelain)" || { git status --short; exit 1; }
  test "$(ours)" = "$1" || { echo "left behind:"; ours; exit 1; }
}

conclude() {  # what was skipped, with the reasons
  step "done"
  if [ ${#skipped[@]} -gt 0 ]; then printf 'skipped: %s\n' "${skipped[@]}"; else echo "nothing was skipped"; fi
}
