"""Secrets are masked in commands and in output, and nothing else is."""

from __future__ import annotations

import pytest

from harness.record.masking import masked

SECRET = "s3cr3t-Value.1"


@pytest.mark.parametrize(
    "text",
    [
        f"kubectl set env deployment/api DB_PASSWORD={SECRET} -n production",
        f"curl -H 'Authorization: Bearer {SECRET}' http://api:8080/",
        f'curl -H "X-Api-Key: {SECRET}" http://api:8080/',
        f"curl -u admin:{SECRET} http://api:8080/",
        f"curl http://admin:{SECRET}@api:8080/",
        f"kubectl --token {SECRET} get pods",
        f"kubectl --token={SECRET} get pods",
        f'{{"client_secret": "{SECRET}", "name": "api"}}',
        f"password: {SECRET}",
        f"PGPASSWORD='{SECRET}' psql",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n(cut)",
        f"deployment/api DB_PASSWORD (not set) -> {SECRET}",
        f"deployment/api DB_PASSWORD {SECRET} -> (not set)",
        f"Set-Cookie: session={SECRET}; Path=/",
    ],
)
def test_a_secret_is_masked_and_its_name_stays(text: str) -> None:
    shown = masked(text)
    assert SECRET not in shown
    assert "***" in shown
    assert shown[:5] == text[:5]


@pytest.mark.parametrize(
    "token", ["eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeKKF2QT4", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1" * 18]
)
def test_a_token_of_a_known_form_is_masked_without_a_name(token: str) -> None:
    assert masked(f"found {token} in the log") == "found *** in the log"


@pytest.mark.parametrize(
    "text",
    [
        "kubectl scale deployment inference --replicas=3 -n production",
        "kubectl logs deployment/api -n production | grep -i timeout",
        "curl http://api:8080/health?user=1",
        "kubectl get secret api -n production",
        "PWD=/app MAX_RETRIES=5 MAX_TOKENS=500",
        "deployment/api MAX_RETRIES 3 -> 5",
        "12:30:15 upstream request timeout after 5000 ms",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text
