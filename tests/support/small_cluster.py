"""A small cluster for the tests of the steps: a kubectl in bash that keeps its state in files."""

from __future__ import annotations

from pathlib import Path

from harness.machine.platform_state import DeploymentState, Destination, Shell

KUBECTL = r"""#!/bin/bash
cd "$STATE" || exit 9
[ -f ../meanwhile ] && . ../meanwhile
for word in "$@"; do case $word in deployment/*) name=${word#deployment/};; esac; done
case "$1 $2" in
"logs "*)
    [ -z "$name" ] || [ -d "$name" ] || { echo "error: deployments.apps \"$name\" not found" >&2; exit 1; }
    echo '{"msg": "request timeout"}'; echo '{"msg": "fine"}'
    case " $* " in *" -f "*) while :; do sleep 0.05; done;; esac;;
"get pods") case " $* " in
    *" -n production "*) for one in *; do echo "$one-0 1/1 Running"; done;;
    *) echo 'No resources found in other namespace.' >&2;; esac;;
"describe pod") [ "$3" = api-1 ] && echo "Name: $3";;
"scale deployment") 
    [ -d "$3" ] || { echo "Error from server (NotFound): deployments.apps \"$3\" not found" >&2; exit 1; }
    for word in "$@"; do case $word in --replicas=*) echo "${word#*=}" >"$3/replicas";; esac; done
    echo "deployment.apps/$3 scaled";;
"rollout restart") echo api-2 >"$name/pods"; echo $(($(<"$name/generation") + 1)) >"$name/generation"; echo restarted;;
"annotate deployment") echo "deployment.apps/$3 annotated";;
"delete pod") for pod in "${@:3}"; do case $pod in api-*)
    sed -i "s/^$pod\$/$pod-new/" api/pods; echo "pod \"$pod\" deleted from production namespace";; esac; done;;
"rollout status") echo "deployment \"$name\" successfully rolled out";;
"set env") echo "${4#*=}" >"$name/env/${4%%=*}"; echo "deployment.apps/$name env updated";;
"exec "*) while [ "$1" != -- ]; do shift; done
    case $2 in printenv) cat "$name/env/$3";; psql) echo "psql: error: no such socket" >&2; exit 2;; esac;;
*) echo "error: unknown command \"$1\" for \"kubectl\"" >&2; exit 1;;
esac
"""


class SmallCluster:
    """Implements ObservedPlatform; Deployments `api` and `web` with one pod each and MAX_RETRIES=3."""

    namespace = "production"

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, folder / "home" / "state"  # in a folder where a command may write
        for deployment in ("api", "web"):
            (self.files / deployment / "env").mkdir(parents=True)
            pod = f"{deployment}-1"
            for name, text in (("replicas", "1"), ("pods", pod), ("generation", "1"), ("env/MAX_RETRIES", "3")):
                (self.files / deployment / name).write_text(f"{text}\n")
        (folder / "bin").mkdir()
        (folder / "bin" / "kubectl").write_text(KUBECTL)
        (folder / "bin" / "kubectl").chmod(0o755)

    def meanwhile(self, script: str) -> None:
        """Let another client act during every kubectl from now on: a bash script that runs in the state's folder."""
        (self.folder / "home" / "meanwhile").write_text(script)

    def shell(self) -> Shell:
        env = {"HOME": str(self.folder / "home"), "STATE": str(self.files), "CURL_HOME": str(self.folder / "home")}
        return Shell(f"{self.folder}/bin:/usr/bin:/bin", env, self.folder / "home")

    def state(self) -> dict[str, DeploymentState]:
        return {folder.name: self._read(folder) for folder in self.files.iterdir()}

    def services(self) -> dict[str, list[int]]:
        return {"api": [8080]}

    def destinations(self) -> list[Destination]:
        return []

    @staticmethod
    def _read(folder: Path) -> DeploymentState:
        env = {file.name: file.read_text().strip() for file in (folder / "env").iterdir()}
        replicas, generation = (int((folder / name).read_text()) for name in ("replicas", "generation"))
        pods = tuple((folder / "pods").read_text().split())
        return DeploymentState(folder.name, replicas, len(pods), env, pods, generation)
