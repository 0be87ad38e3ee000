"""Services that compose files and manifests describe, and what of them has no counterpart."""

from __future__ import annotations

from harness.proposal.compose import is_compose, read_compose
from harness.proposal.draft import block
from harness.proposal.manifests import read_manifests
from harness.proposal.services import Described, keys_of
from harness.schema.tree import Tree, read

COMPOSE = """\
x-env: &env {LEVEL: "${LEVEL:-info}"}
services:
  web:
    build: {context: ./web, args: {A: b}}
    command: uvicorn app:app --host 0.0.0.0 --port 8000
    ports: ["80:8000", "9000:9000/udp"]
    environment:
      <<: *env
      REDIS_URL: redis://cache:6379/0
      DB: postgres://u@db/app
      CACHE_HOST: cache
      COST: 5$$
    healthcheck: {test: ["CMD", "curl", "-f", "http://localhost:8000/healthz"], interval: 5s}
    depends_on: {cache: {condition: service_healthy}}
    deploy: {replicas: 2, resources: {}}
    volumes: [./web:/app]
  cache:
    image: redis:7
    ports: [{target: 6379}]
    healthcheck: {test: redis-cli ping}
  db:
    image: postgres
    environment: [POSTGRES_DB=app, "KEY=${KEY}", PASSED]
    expose: ["5432"]
  worker:
    image: w
    entrypoint: ["python", "-m"]
    command: ["worker", "a b"]
    scale: 3
volumes: {data: }
"""


def one(text: str) -> Tree:
    (tree,) = read(text, "c.yaml")
    return tree


def lines(described: Described) -> str:
    return "".join(f"{line}\n" for line in block(keys_of(described.services), 0))


def test_services_of_a_compose_file() -> None:
    tree = one(COMPOSE)
    assert is_compose(tree)
    assert (
        lines(read_compose(tree, "sub"))
        == """\
# From c.yaml:4:5
web:
  run: exec uvicorn app:app --host $POD_IP --port $PORT
  folder: sub/web
  port: 8000
  replicas: 2
  env:
    LEVEL: info
    REDIS_URL: redis://$(CACHE_SERVICE_HOST):$(CACHE_SERVICE_PORT)/0
    DB: postgres://u@$(DB_SERVICE_HOST):$(DB_SERVICE_PORT)/app
    CACHE_HOST: $(CACHE_SERVICE_HOST)
    COST: 5$
  health: /healthz
  needs: [cache]
# From c.yaml:18:5
cache:
  # TODO run: the image redis:7 starts its own command; which one starts it here, on $POD_IP and $PORT?
  run:
  port: 6379
# From c.yaml:22:5
# TODO db: compose takes ${KEY} from the environment or .env; write its value
db:
  # TODO run: the image postgres starts its own command; which one starts it here, on $POD_IP and $PORT?
  run:
  port: 5432
  env:
    POSTGRES_DB: app
    KEY: '${KEY}'
# From c.yaml:26:5
worker:
  # TODO run: let it listen on $POD_IP and $PORT
  run: exec python -m worker 'a b'
  # TODO port: c.yaml:26:5 names none; on which one does worker listen?
  port: 8080
  replicas: 3
"""
    )


def test_every_key_of_a_compose_file_without_a_counterpart_is_named_with_its_place() -> None:
    found = {each.place: each.what for each in read_compose(one(COMPOSE), ".").unused}
    assert found == {
        "c.yaml:30:10": "volumes",
        "c.yaml:16:14": "services.web.volumes",
        "c.yaml:4:35": "services.web.build.args",
        "c.yaml:6:24": "services.web: port 9000:9000/udp: a service has one TCP port",
        "c.yaml:15:38": "services.web.deploy.resources",
        "c.yaml:13:18": "services.web.healthcheck: interval: only a path is used",
        "c.yaml:20:25": "services.cache.healthcheck: no request of a path; a connection is the health check",
        "c.yaml:23:50": "services.db.environment.PASSED: its value comes from the machine",
    }


MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  strategy: {type: Recreate}
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web, tier: front}
      annotations: {prometheus.io/scrape: "true", prometheus.io/path: /stats}
    spec:
      initContainers: [{name: wait}]
      containers:
        - name: web
          image: web:1
          command: [python, -m]
          args: [web, --port=8000]
          ports: [{name: admin, containerPort: 9000}, {name: http, containerPort: 8000}]
          env:
            - {name: API, value: "http://api-svc.shop.svc.cluster.local"}
            - {name: LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: level}}}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: t}}}
          envFrom: [{configMapRef: {name: settings}}, {configMapRef: {name: elsewhere}}]
          readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 1}
          livenessProbe: {httpGet: {path: /live, port: http}}
          resources: {}
        - {name: sidecar}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web},
     ports: [{port: 80, targetPort: http}, {port: 81}]}}
  - {apiVersion: v1, kind: Service, metadata: {name: api-svc}, spec: {selector: {app: api},
     ports: [{port: 80, targetPort: 8080}]}}
  - {apiVersion: v1, kind: Service, metadata: {name: lost}, spec: {selector: {app: lost}}}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {level: debug, port: "1"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec: {template: {metadata: {labels: {app: api}}, spec: {containers: [{image: "api:1", args: [serve]}]}}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {scaleTargetRef: {name: web}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}}
---
{apiVersion: v1, kind: Secret, metadata: {name: s}}
"""


def test_services_of_manifests() -> None:
    assert (
        lines(read_manifests(read(MANIFESTS, "m.yaml")))
        == """\
# From m.yaml:1:1
web:
  run: exec python -m web --port=$PORT
  port: 8000
  replicas: 2
  env:
    level: debug
    port: 1
    API: http://$(API_SERVICE_HOST):$(API_SERVICE_PORT)
    LEVEL: debug
  health: /ready
  metrics: /stats
# From m.yaml:40:1
api:
  # TODO run: the image api:1 (arguments: serve) starts its own command; which one starts it here, on $POD_IP and
  #   $PORT?
  run:
  port: 8080
"""
    )


def test_every_part_of_manifests_without_a_counterpart_is_named_with_its_place() -> None:
    found = [f"{each.place}: {each.what}" for each in read_manifests(read(MANIFESTS, "m.yaml")).unused]
    assert sorted(found) == sorted([
        "m.yaml:28:11: Deployment web: container sidecar: a pod is one process",
        "m.yaml:6:13: Deployment web.strategy",
        "m.yaml:13:23: Deployment web.pod.initContainers",
        "m.yaml:27:22: Deployment web.container.resources",
        "m.yaml:25:27: Deployment web.container.readinessProbe: periodSeconds: only a path is used",
        "m.yaml:23:15: Deployment web: env TOKEN: from a Secret, a field or a ConfigMap elsewhere",
        "m.yaml:24:55: Deployment web: envFrom: not a ConfigMap of these files",
        "m.yaml:34:44: Service web: port 81: a service has one TCP port",
        "m.yaml:37:5: Service lost: it selects no Deployment of these files",
        "m.yaml:45:1: HorizontalPodAutoscaler h: the replicas of web do not change by themselves; "
        "a runbook scales them",
        "m.yaml:47:1: StatefulSet db: a service is a Deployment; write it under `services` if a drill needs it",
        "m.yaml:49:1: Secret s",
    ])  # fmt: skip
