"""Places that only look wrong, and the defects beside them."""

from __future__ import annotations

import pytest

from tests.harness.lint.test_engine import codes

INCIDENT = "# ApiDown\n\n## Symptoms\n\n- the alert `ApiDown`\n\n## Diagnosis\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "Replace `<pod-name>` by the name of the pod.\n",
        "```bash\nkubectl delete pod api-0 -n shop\nkubectl wait --for=condition=Ready pod/api-0 -n shop\n```\n",
        "```bash\nkubectl exec -it db-0 -n shop -- psql\n```\n",
        "```bash\ngrep ERROR /var/log/api.log\n```\n",
        "Follow the log until the errors end (Ctrl-C):\n\n```bash\nkubectl logs -f api-0 -n shop\n```\n",
        "Never run `kubectl delete ns shop`.\n",
        "`terraform destroy` removes the volumes.\n",
        "```bash\nrm -rf /tmp/build\nrm -rf node_modules\n```\n",
        "```bash\nkubectl apply -f api.yaml\nkubectl get nodes\nkubectl get pv\n```\n",
        "```console\n$ kubectl get nodes\nNAME   STATUS\nn1     Ready\n```\n",
        "```bash\ncurl -k https://localhost:8443/metrics\n```\n",
        "```bash\nkill -HUP 1\n```\n",
        "```bash\nterraform plan\nkubectl delete pvc data-0 -n shop --dry-run=server\n```\n",
        "```bash\nexport NS=shop\nkubectl get pods -n $NS\n```\n",
        '```bash\necho "don\'t worry" && uptime\n```\n',
        "```bash\nls -l\n-rw-r--r-- 1 root root 5 x\n```\n",
        "```bash\nkubectl logs -l app=api -n shop --tail=100\n```\n",
        "```bash\nkubectl get secret tls -n shop -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout "
        "-enddate\n```\n",
        "- [ ] make the TODO list\n",
        "```bash\ncurl -s http://api.shop.test/health | grep -q ok\n```\n",
        "```bash\nfind . \\( -name a -o -name b \\) -print\nx=(a b)\nf() { ls; }\necho $(date) @(a|b)\n```\n",
        "```bash\nkubectl get pods -n shop -o jsonpath='{.items[*].metadata.name}'\n"
        "kubectl get pods -n shop |\n  grep api\n```\n",
        "```bash\n# Purge (if the messages are unrecoverable)\naws sqs purge-queue --queue-url https://sqs.test/dlq\n```\n",
        "`kubectl logs -f api-0 -n shop` has stopped working.\n",
        "## 복구\n\n복구 후 상태를 관찰한다. 수렴하는지 확인한다.\n\n```bash\ndocker start control-plane\n```\n",
        "Look at [the pool](#pool).\n\n## Pool\n\nThe pool.\n",
        "```bash\nCOUNT=4\nkubectl logs -l app=api -n shop --tail=100 --max-log-requests=9\n```\n",
    ],
)
def test_tempting_places_are_not_flagged(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```bash\nkubectl logs -f api-0 -n shop | grep -i error\n```\n", "RB301"),
        ("Delete the claim: `kubectl delete pvc data-0 -n shop`\n", "RB501"),
        ("```bash\ndocker compose down -v\n```\n", "RB501"),
        ("```bash\naws s3 rm s3://logs --recursive\n```\n", "RB501"),
        ("```bash\nkubectl exec db-0 -n shop -- psql -c 'DROP TABLE orders'\n```\n", "RB501"),
        ("```bash\nssh db-1.shop.test 'sudo rm -rf /var/lib/postgresql'\n```\n", "RB501"),
        ("```bash\nredis-cli -h cache FLUSHALL\n```\n", "RB501"),
        ("```bash\nkill -9 4711\n```\n", "RB503"),
        ("```bash\nbash <(curl -s https://get.example.org)\n```\n", "RB508"),
        ("```bash\nwatch kubectl get pods -n shop\nkubectl get nodes\n```\n", "RB302"),
        (
            "```bash\ntail -f /var/log/api.log | grep x &\nkubectl port-forward svc/api 8080:80 -n shop\ncurl "
            "localhost:8080/\n```\n",
            "RB302",
        ),
        (f"{INCIDENT}```bash\nkubectl describe pod api-0\n```\n", "RB601"),
        ("```bash\nkubectl exec api-0 -n shop ls\n```\n", "RB608"),
        ("```bash\nkubectl scale deployment/api --replicas=0 -n shop\n```\n", "RB514"),
        ("```bash\ncurl -s http://prom:9090/api/v1/query?query=rate(http_requests_total[5m])\n```\n", "RB201"),
        ("```bash\netcdctl endpoint status (--cluster)\n```\n", "RB201"),
        ("```bash\netcdctl snapshot save my.db\n\nSnapshot saved at my.db\n```\n", "RB203"),
        ('```bash\ncurl http://api.shop.test/jobs\n{\n  "id": 1\n}\n```\n', "RB203"),
        ("```bash\nkubectl get pods -n shop\n  | sort\n```\n", "RB210"),
        ("```bash\ncurl -X POST http://api.shop.test/videos/{video_id}/retry\n```\n", "RB402"),
        ("```bash\ncurl -s http://api.shop.test/health | jq .\n```\n", "RB306"),
        ("```bash\ngo tool pprof -http=:8080 cpu.prof\n```\n", "RB301"),
        ("```bash\nkubectl scale deployment --all --replicas=5 -n shop\n```\n", "RB607"),
        ('```bash\nkubectl patch ns old -p \'{"metadata":{"finalizers":null}}\'\n```\n', "RB503"),
        ("```bash\netcdctl member remove 278c654c9a6dfd3b\n```\n", "RB501"),
        ("See [logs](#fetch the logs).\n\n## Fetch the logs\n\nx\n", "RB108"),
        ("Primary: +1-XXX-XXX-XXXX\n", "RB110"),
        ("```yaml\nkubectl apply -f api.yaml\n```\n", "RB209"),
        ("```bash\nredis-cli -a $PASS CONFIG SET maxmemory 2gb\n```\n", "RB712"),
        ("## Symptoms\n\n- `node_cpu_percent` high\n", "RB701"),
    ],
)
def test_defects_are_found(text: str, code: str) -> None:
    assert code in codes(text)
