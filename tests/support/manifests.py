"""Manifests for tests: read from a text as `manifests` of a bindings file."""

from __future__ import annotations

from pathlib import Path

from harness.bindings import load
from harness.manifests import Manifests

SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {part: front}}
  template:
    metadata: {labels: {part: front}}
    spec:
      containers:
        - name: main
          image: shop:1
          ports: [{name: http, containerPort: 8080}]
          env: [{name: CACHE, value: "http://cache.shop.svc.cluster.local:6400/shop"}]
          readinessProbe: {httpGet: {path: /healthz, port: http}}
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: shop}
spec:
  selector: {part: store}
  ports: [{port: 6400}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {part: front}
  ports: [{port: 80, targetPort: http}]
"""


def manifests(folder: Path, text: str = SHOP, namespace: str = "shop") -> Manifests:
    """The manifests of a text. Raises BindingError."""
    (folder / "all.yaml").write_text(text, encoding="utf-8")
    file = folder / "gameday.yaml"
    file.write_text(f"version: 1\nnamespace: {namespace}\nmanifests: all.yaml\n", encoding="utf-8")
    found = load(file).manifests
    assert found is not None
    return found
