"""A runbook document of a shop with the services `web` and `db`."""

DOCUMENT = """\
# Operations

### DOWN: The shop is down

**Symptoms:**

- Orders fail

**Commands:**

```bash
kubectl exec deployment/db -n production -- dbcli vacuum
kubectl scale deployment/web --replicas=2 -n production
```
"""
