"""Writes invented runbooks: the same ones each time, with as many commands a block as public ones have."""

from __future__ import annotations

import random
from pathlib import Path

_SERVICES = (
    "api-gateway", "billing", "checkout", "realtime", "inference", "tool-service", "search", "mailer", "ledger",
    "catalog",
)  # fmt: skip
_NAMESPACES = ("production", "shop", "payments")
_COMMANDS = (
    "kubectl get pods -n {ns} -l app={svc}",
    "kubectl logs deployment/{svc} -n {ns} --since=10m | grep -i {word} | tail -50",
    "kubectl rollout restart deployment/{svc} -n {ns}",
    "kubectl rollout status deployment/{svc} -n {ns} --timeout=2m",
    "kubectl exec deployment/{svc} -n {ns} -- curl -s http://localhost:8080/metrics | grep {word}_total",
    "kubectl describe pod <{svc}-pod> -n {ns}",
    "kubectl scale deployment {svc} --replicas={n} -n {ns}",
    'kubectl exec -it db-0 -n {ns} -- psql "$DATABASE_URL" -c "SELECT count(*) FROM {word} WHERE state = \'failed\';"',
    'for pod in $(kubectl get pods -n {ns} -o name | head -{n}); do kubectl top "$pod" -n {ns} || break; done',
    "curl -fsS --max-time 5 'http://{svc}.{ns}.svc:8080/health?verbose=1&part={word}' | jq '.status'",
    "aws s3 cp s3://backups/{svc}/latest.tar.gz /tmp/{svc}.tar.gz \\\n    --region eu-central-1",
    "# Look at the state of {svc} before anything is changed\nsystemctl status {svc} --no-pager",
    'if ! kubectl get hpa {svc} -n {ns} >/dev/null 2>&1; then\n  echo "no autoscaler for {svc}"\nfi',
)
_WORDS = ["timeout", "error", "latency", "queue", "retry", "connection", "backlog", "payment", "session", "cache"]
_SENTENCES = (
    "The service {svc} answers {word} requests of all tenants, and its P95 is usually below {n}00 ms.",
    "If the {word} rate stays above {n} % for five minutes, look at [the "
    "dashboard](https://grafana.example.test/d/{svc}).",
    "Check that `{svc}` has at least {n} ready replicas, and that no rollout is in progress.",
    "Escalate to the owner of {svc} in the channel of the incident when the steps below do not help after {n}0 "
    "minutes.",
    "This alert fires when `rate({word}_errors_total[5m])` of {svc} is above its threshold.",
)


def write(folder: Path, documents: int, lines: int, blocks: int, seed: int = 17) -> list[str]:
    """Write the documents with about as many lines and blocks in all; return the text of every shell block."""
    draw = random.Random(seed)
    scripts: list[str] = []
    for number in range(documents):
        share = blocks * (number + 1) // documents - blocks * number // documents
        text, own = _document(draw, number, lines // documents, share)
        (folder / f"runbook-{number:04}.md").write_text(text)
        scripts += own
    return scripts


def _document(draw: random.Random, number: int, lines: int, blocks: int) -> tuple[str, list[str]]:
    service = draw.choice(_SERVICES)
    scripts = [_script(draw, service) for _ in range(blocks)]
    parts = [f"# Runbook {number}: {service}\n", "## Symptoms\n", *_items(draw, service, 4), "\n## Diagnosis\n"]
    for script in scripts:
        parts += [_sentence(draw, service), f"\n```bash\n{script}\n```\n"]
    parts.append("\n## Background\n")
    written = "\n".join(parts).count("\n")
    while written < lines - 3:
        paragraph = (
            [_sentence(draw, service) for _ in range(draw.randint(2, 6))]
            if draw.random() < 0.6
            else _items(draw, service, 4)
        )
        parts += [*paragraph, ""]
        written += len(paragraph) + 1
    return "\n".join(parts) + "\n", scripts


def _script(draw: random.Random, service: str) -> str:
    chosen = [draw.choice(_COMMANDS) for _ in range(draw.randint(1, 6))]
    return "\n".join(_filled(draw, each, service) for each in chosen)


def _items(draw: random.Random, service: str, most: int) -> list[str]:
    return [f"- {_sentence(draw, service)}" for _ in range(draw.randint(2, most))]


def _sentence(draw: random.Random, service: str) -> str:
    return _filled(draw, draw.choice(_SENTENCES), service)


def _filled(draw: random.Random, text: str, service: str) -> str:
    values = {"svc": service, "ns": draw.choice(_NAMESPACES), "word": draw.choice(_WORDS), "n": str(draw.randint(2, 9))}
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
