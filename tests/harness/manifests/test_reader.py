"""`manifests` of a bindings file: what is read from kustomizations, folders and files, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.bindings import examine, load
from harness.errors import BindingError
from harness.manifests import Asked, Manifests

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      containers:
        - name: main
          image: shop:1
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /healthz, port: http}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: front}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
"""
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl, which renders, is not on PATH")


def bindings(folder: Path, manifests: str = "all.yaml", **files: str) -> Path:
    """A bindings file, and the files of the manifests; `__` in a name is `/`."""
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    path = folder / "gameday.yaml"
    path.write_text(f"version: 1\nnamespace: shop\nmanifests: {manifests}\n", encoding="utf-8")
    return path


def manifests_of(folder: Path, manifests: str = "all.yaml", **files: str) -> Manifests:
    found = load(bindings(folder, manifests, **files)).manifests
    assert found is not None
    return found


def problems(folder: Path, manifests: str = "all.yaml", **files: str) -> list[str]:
    """The problems without the folder."""
    _, found = examine(bindings(folder, manifests, **files))
    return [each.text.replace(f"{folder}/", "") for each in found]


def test_objects_of_a_file_are_read_with_their_places(tmp_path: Path) -> None:
    found = manifests_of(tmp_path, all=f"{WEB}---\n{SERVICE}")
    assert [(each.about, each.place()) for each in found.objects] == [
        ("Deployment web", f"{tmp_path}/all.yaml:1:1"),
        ("Service front", f"{tmp_path}/all.yaml:15:1"),
    ]
    assert (list(found.deployments), list(found.entrances), found.images) == (["web"], ["front"], ("shop:1",))
    assert found.asked("web") == Asked("8080/healthz", "", ready=True)


def test_a_list_stands_for_its_items_and_a_folder_for_its_files(tmp_path: Path) -> None:
    items = "".join(f"  {line}\n" for line in SERVICE.splitlines())
    listed = f"apiVersion: v1\nkind: List\nitems:\n- {items[2:]}"
    found = manifests_of(tmp_path, "deploy", deploy__a=WEB, deploy__b=listed, deploy__below__c="kind: Nothing")
    assert [each.about for each in found.objects] == ["Deployment web", "Service front"]
    assert found.objects[1].place("spec", "ports", 0) == f"{tmp_path}/deploy/b.yaml:9:13"


@needs_kubectl
def test_places_of_a_kustomization_are_those_of_its_files(tmp_path: Path) -> None:
    overlay = "namePrefix: my-\nresources: [../base]\nconfigMapGenerator: [{name: conf, literals: [A=1]}]\n"
    path = bindings(
        tmp_path,
        "deploy/test",
        deploy__base__kustomization="resources: [web.yaml]",
        deploy__base__web=WEB.replace("      containers:\n", "      hostNetwork: true\n      containers:\n"),
        deploy__test__kustomization=overlay,
    )
    found, wrong = examine(path)
    assert found.manifests is not None
    assert [(each.about.partition("-")[0], each.place()) for each in found.manifests.objects] == [
        ("ConfigMap my", f"{tmp_path}/deploy/test/kustomization.yaml:1:1"),
        ("Deployment my", f"{tmp_path}/deploy/base/web.yaml:1:1"),
    ]
    (problem,) = wrong
    assert problem.text.startswith(f"{tmp_path}/deploy/base/web.yaml:9:20: Deployment my-web: the pod would be in the")
    assert "origin" not in str([each.body for each in found.manifests.objects])


@needs_kubectl
def test_what_kustomize_refuses_is_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "deploy", deploy__kustomization="resources: [absent.yaml]")
    assert problem.startswith("gameday.yaml:3:12: manifests: deploy/kustomization.yaml: kubectl kustomize:")
    assert "absent.yaml" in problem


@pytest.mark.parametrize(
    ("text", "place", "fact"),
    [
        ("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n", "16:7", "not in a name"),
        ("apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: x}\n", "16:7", "not in a namespace"),
        (
            "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: x}\n",
            "16:7",
            "not in a namespace",
        ),
        ("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x}\n", "16:7", "what example.com/v1 Widget does"),
        ("apiVersion: example.com/v1\nkind: Service\nmetadata: {name: x}\n", "16:7", "does not know what"),
        ("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x}\n", "16:7", "claim its hosts and paths"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n", "16:7", "nothing replaces a pod"),
        ("kind: ConfigMap\nmetadata: {name: x}\n", "15:1", "`apiVersion` or `kind` is missing"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x}\n", "17:11", "no `metadata.name`"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gameday-revert}\n", "17:18", "gameday has a ConfigMap"),
        ("apiVersion: v1\nkind: Service\nmetadata: {name: load}\n", "17:18", "`load` is the load itself"),
        (
            "apiVersion: batch/v1\nkind: Job\nmetadata: {name: x, annotations: {helm.sh/hook: pre-install}}\n"
            "spec: {template: {spec: {containers: [{name: c}]}}}\n",
            "17:49",
            "helm template --no-hooks",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: LoadBalancer}\n",
            "18:14",
            "each side would get one outside",
        ),
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n  ports: [{port: 80, nodePort: 30080}]\n",
            "19:32",
            "the NodePort 30080 exists once",
        ),
        (
            "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: x}\nspec: {template: {spec: {hostPID: true, "
            "containers: [{name: c}]}}}\n",
            "18:35",
            "node's own namespace",
        ),
        (
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: x}\nspec: {template: {spec: {containers: "
            "[{name: c}], volumes: [{name: v, hostPath: {path: /}}]}}}\n",
            "18:81",
            "a folder of the node",
        ),
        (
            "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\nspec: {jobTemplate: {spec: {template: {spec: "
            "{initContainers: [{name: c, securityContext: {privileged: true}}], containers: [{name: d}]}}}}}\n",
            "18:104",
            "privileged",
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: c"
            ", ports: [{containerPort: 80, hostPort: 80}]}]}}}\n",
            "18:87",
            "the port 80 of a node exists once",
        ),
        (
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: x}\n"
            "roleRef: {kind: ClusterRole, name: view}\n",
            "18:17",
            "whose rights these files do not show",
        ),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n", "", ""),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: other}\n", "", ""),
        (WEB, "17:18", "Deployment web: is at all.yaml:1:1 already"),
    ],
)  # fmt: skip
def test_what_two_sides_cannot_have_is_refused_with_its_line(tmp_path: Path, text: str, place: str, fact: str) -> None:
    found = problems(tmp_path, all=f"{WEB}---\n{text}")
    if not fact:  # one namespace, whichever it is, is replaced
        assert found == []
        return
    (problem,) = found
    assert problem.startswith(f"all.yaml:{place}: ")
    assert fact in problem


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    text = (
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: one}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: two}\n---\n"
        "apiVersion: v1\nkind: Node\nmetadata: {name: node}\n"
    )
    found = problems(tmp_path, "{path: all.yaml, metrics: {db: /metrics}}", all=text)
    assert found == [
        "all.yaml:10:7: Node node: it is not in a namespace, so both sides, and everything else in the cluster, would "
        "share it; leave it out, as in an overlay for tests",
        "all.yaml:7:32: the namespace two: a side of a drill is one namespace, and the files name one too",
        "gameday.yaml:3:12: manifests: there is no Deployment in them; a drill needs one to break and to watch",
        "gameday.yaml:3:43: manifests.metrics: there is no Deployment `db`; known: none",
    ]


@pytest.mark.parametrize(
    ("manifests", "fact"),
    [
        ("absent", "absent: there is no such file or folder"),
        ("all.yaml", "if it is a Helm template, name the output of `helm template`"),
        ("[a]", "expected text, got a list"),
        ("{path: all.yaml, metrics: {web: metrics}}", "`metrics` is not a path such as"),
        ("{path: all.yaml, programs: [bin/x]}", "`bin/x` is not the name of a program"),
        ("{folder: x}", "manifests.path: missing; add it"),
        (
            "all.yaml\nservices: {web: {run: x}}",
            "manifests: excludes `services`: both say what the platform runs; keep one",
        ),
    ],
)
def test_wrong_key_or_unreadable_file_is_named(tmp_path: Path, manifests: str, fact: str) -> None:
    found = problems(tmp_path, manifests, all="metadata: {name: {{ .Values.x }}}")
    assert fact in "\n".join(found)


def test_helm_tests_are_left_out(tmp_path: Path) -> None:
    test = "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n"
    assert list(manifests_of(tmp_path, all=f"{WEB}---\n{test}").objects[0].body) == [
        "apiVersion",
        "kind",
        "metadata",
        "spec",
    ]
    assert len(manifests_of(tmp_path, all=f"{WEB}---\n{test}").objects) == 1


LABELS, PROBE = "{app: web, tier: front}", "httpGet: {path: /healthz, port: http}"
SCRAPED = "{app: web}, annotations: {prometheus.io/scrape: 'true'"


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ((PROBE, "tcpSocket: {port: http}"), Asked("", "", ready=True)),
        ((PROBE, "httpGet: {path: h, port: 9, scheme: HTTPS}"), Asked("https:9/h", "", ready=True)),
        ((f"readinessProbe: {{{PROBE}}}", "tty: false"), Asked("", "", ready=False)),
        ((LABELS, f"{SCRAPED}}}"), Asked("8080/healthz", "8080/metrics", ready=True)),
        (
            (LABELS, f"{SCRAPED}, prometheus.io/port: '9', prometheus.io/path: /m}}"),
            Asked("8080/healthz", "9/m", ready=True),
        ),
    ],
)
def test_probes_and_annotations_say_where_pods_answer(tmp_path: Path, change: tuple[str, str], asked: Asked) -> None:
    text = WEB.replace(*change)
    assert text != WEB
    assert manifests_of(tmp_path, all=text).asked("web") == asked


@pytest.mark.parametrize(("path", "asked"), [("/stats", "8080/stats"), (":9102/stats", "9102/stats")])
def test_the_path_of_metrics_can_be_declared(tmp_path: Path, path: str, asked: str) -> None:
    found = manifests_of(tmp_path, f"{{path: all.yaml, programs: [redis-cli], metrics: {{web: '{path}'}}}}", all=WEB)
    assert (found.asked("web").metrics, found.programs) == (asked, {"redis-cli"})


def test_one_error_names_the_problems_of_all_files(tmp_path: Path) -> None:
    with pytest.raises(BindingError) as raised:
        load(bindings(tmp_path, "deploy", deploy__a="a: [", deploy__b="b: {"))
    assert "deploy/a.yaml:" in str(raised.value)
    assert "deploy/b.yaml:" in str(raised.value)
