"""The policy: which commands are refused, one line each, and the texts of the refusals."""

from __future__ import annotations

import pytest

from harness.bash.parse import parse
from harness.policy import check
from harness.policy.scope import Scope

UNSAFE = r"""
rm -rf /
/bin/rm x
../x
eval "ls"
source /etc/profile
. /etc/profile
exec ls
$CMD x
`echo rm` x
{rm,x}
"r"m x
r\m x
cat /etc/passwd
cat < /etc/passwd
cat /dev/null /etc/passwd
cat > /dev/null /etc/passwd
X=/etc/passwd; cat $X
cat <(ls)
kubectl get pods > /etc/x
kubectl get pods >> x
kubectl get pods &> x
kubectl get pods | tee x
kubectl get pods &
echo x > /dev/tcp/example.org/80
cat < /dev/tcp/example.org/80
kubectl get pods --kubeconfig=/x
kubectl get pods --context prod
kubectl --context prod get pods
kubectl -s http://example.org get pods
kubectl get pods -s http://example.org
kubectl --token=abc get pods
kubectl get pods --as=admin
kubectl get pods --insecure-skip-tls-verify
kubectl --v 9 exec p -- rm x
kubectl -n get --v get exec p rm
kubectl apply -f x.yaml
kubectl delete -f x.yaml
kubectl delete -fx.yaml
kubectl patch deployment x --patch-file=/etc/passwd
kubectl get pods -o go-template-file=/etc/passwd
kubectl get pods -o jsonpath-file /etc/passwd
kubectl get --raw /api
kubectl port-forward svc/x 80
kubectl proxy
kubectl cp a:/x /y
kubectl attach x
kubectl edit deployment x
kubectl debug x
kubectl run x --image=evil
kubectl config use-context prod
V=apply; kubectl $V -f x
curl file:///etc/passwd
curl http://example.org/x
curl http://example.com.org:80/x
curl http://169.254.169.254/latest
curl http://127.0.0.1:22/
curl http://localhost:8080/x
curl http://[::1]/
curl http://api-gateway@example.org/
curl http://api-gateway:80@example.org/
curl "http://$1/"
curl http://$(kubectl get pods -o name)/
H=example.org; curl http://$H/
U=file:///etc/passwd; curl $U
curl "http://{api-gateway,x.org}/"
curl -o /tmp/x http://api-gateway/
curl -sSo x http://api-gateway/
curl -O http://api-gateway/x
curl -K /etc/x http://api-gateway/
curl -q http://api-gateway/
curl -T /etc/passwd http://api-gateway/
curl -d @/etc/passwd http://api-gateway/
curl -H @/etc/passwd http://api-gateway/
curl --data-urlencode x@/etc/passwd http://api-gateway/
curl -F a=@/etc/passwd http://api-gateway/
curl -b /etc/passwd http://api-gateway/
curl -w @/etc/passwd http://api-gateway/
curl -w '%output{/tmp/x}' http://api-gateway/
curl -x http://example.org:80 http://api-gateway/
curl -L http://api-gateway/
curl --connect-to ::example.org: http://api-gateway/
curl --resolve api-gateway:80:1.2.3.4 http://api-gateway/
curl --unix-socket /run/x http://api-gateway/
kubectl get pods | awk '{system("rm x")}'
kubectl get pods | awk '{print > "f"}'
kubectl get pods | awk '{print "x",
 "y" > "f"}'
kubectl get pods | awk '{print | "sh"}'
kubectl get pods | awk 'BEGIN{while((getline l < "/etc/passwd")>0) x=l}'
kubectl get pods | awk 'BEGIN{ARGV[1]="/etc/passwd";ARGC=2} {x=1}'
kubectl get pods | awk '{print 1/a | cmd; b/1}'
kubectl get pods | awk -f x
kubectl get pods | sed 's/x/rm/e'
kubectl get pods | sed 's/a/b/w x'
kubectl get pods | sed -n 'w x'
kubectl get pods | sed '1e rm x'
kubectl get pods | sed 'r /etc/passwd'
kubectl get pods | sed -i s/a/b/ x
kubectl get pods | sed -ne 'w x'
kubectl get pods | sort -o x
kubectl get pods | sort --output=x
kubectl get pods | sort --outp=x
x=$(echo -ox); kubectl get pods | sort $x
kubectl get pods | uniq - x
kubectl get pods | xargs rm
kubectl get pods | xargs -I{} sh -c {}
kubectl get pods | xargs kubectl
kubectl get pods | xargs curl
kubectl get pods | grep -f /etc/passwd
kubectl get pods | grep -if/etc/passwd
grep -r x /etc
grep x /etc/passwd
kubectl get pods | head -1 /etc/passwd
kubectl logs x | jq 'import "a" as b; .'
kubectl logs x | jq -f /etc/passwd
PATH=/bin ls
PATH=/bin
export PATH=/bin
LD_PRELOAD=x kubectl get pods
BASH_ENV=x kubectl get pods
KUBECONFIG=/x kubectl get pods
http_proxy=http://example.org curl http://api-gateway/
PS4='$(rm x)'; set -x; true
alias k=rm
trap 'rm x' EXIT
kubectl() { rm x; }
f() { rm x; }; f
kubectl() { true; }
bash -c 'rm x'
sh -c 'rm x'
python3 -c 'print(1)'
env rm x
command rm x
builtin eval x
coproc rm x
nohup kubectl get pods
time rm x
timeout 5 rm x
timeout -s KILL 5 rm x
watch 'rm x'
watch kubectl get pods ';' rm x
echo $(rm x)
echo `rm x`
echo "$(rm x)"
if true; then rm x; fi
while read l; do rm $l; done
case x in x) rm y;; esac
( rm x )
{ rm x; }
! rm x
true && rm x
true || rm x
kubectl get pods | rm x
function g { rm y; }
x='a[$(rm y)]'; echo $((x))
x='a[$(rm y)]'; [[ $x -eq 1 ]]
x=y; y='a[$(rm y)]'; echo $((x))
echo ${!x}
echo ${x@P}
test -v 'a[$(rm)]'
printf -v 'a[$(rm)]' x
read 'a[$(rm)]'
declare -n r=PATH
declare -i r='a[$(rm)]'
unset 'a[$(rm)]'
let x=1
mapfile -C rm x
hash -p /bin/rm kubectl
enable -f x y
set -m
kill 1
date -s 2020-01-01
date -f /etc/passwd
wget http://example.org
kubectl exec p -- rm -rf /
kubectl exec p rm x
kubectl exec -it deployment/x -- bash
kubectl exec p -- /bin/cat /app/x
kubectl exec p -- sh -c 'rm -rf /'
kubectl exec p -- sh -c 'cat /etc/passwd'
kubectl exec p -- sh -c 'sh -c "rm x"'
kubectl exec p -- sh x.sh
kubectl exec p -- $SHELL -c 'rm x'
kubectl exec p -- $BASH -c 'rm x'
kubectl exec p -- timeout 5 $SHELL no-such-file-anywhere
kubectl exec p -- psql $(echo -f/etc/passwd)
kubectl exec p -- sh -c "$(echo rm)"
X='rm x'; kubectl exec p -- sh -c "$X"
X=rm; kubectl exec p -- $X y
kubectl exec p -- cat /etc/passwd
kubectl exec p -- cat /app/../etc/passwd
kubectl exec p -- cat /proc/1/environ
kubectl exec p -- ls /root
kubectl exec p -- env rm x
kubectl exec p -- curl http://example.org
kubectl exec p -- curl -o /app/x http://localhost:8080/
kubectl exec p -- psql -c '\! rm x'
kubectl exec p -- psql -c "COPY x FROM PROGRAM 'rm'"
kubectl exec p -- psql -c "select pg_read_file('/etc/passwd')"
kubectl exec p -- psql -f /etc/passwd
kubectl exec p -- psql -o x
kubectl exec p -- psql postgres://example.org/x -c 'select 1'
kubectl exec p -- psql -h example.org -c 'select 1'
cat <<EOF
$(rm x)
EOF
Y=$(kubectl get pods); timeout $Y kubectl get pods
X=$(kubectl get pods); kubectl get pods | head -n $X
X=$(kubectl get pods); curl -A $X http://api-gateway/
X='a -o x'; curl -A $X http://api-gateway/
U='x -o y'; curl http://api-gateway/$U
X='x -f/etc/passwd'; kubectl get pods | grep x$X
unset PATH; : ${PATH:=/bin}
: ${PATH=/bin}
unset PATH
unset -f f
IFS=, read PS4 <<< x
"read" PS4 <<< x
rm() { true; }
(rm() { true; }); rm x
f() { sort $x; }; x=-ox; f
f() { printf $x; }; x='-v a[1]'; f
kubectl get pods | awk '{print "x" |/a/| "sh"}'
kubectl get pods | awk '{i++ /a|b/ 2}'
kubectl get pods | awk '/[/]|x/ {print}'
unset "a[\$(rm)]"
unset "$X"
read "a[\$(rm)]"
read -p x "$X"
echo rm x | xargs kubectl exec p --
echo rm x | xargs kubectl exec p -c x --
kubectl get pods -o name | xargs -I{} kubectl exec p -- {}
hostname x
hostname -F /etc/passwd
date 01010000
date -u 010100002026.00
shopt -s expand_aliases
x=a; f() { echo $((x)); }; x='b[$(rm)]'
f() { echo $(($1)); }; f 'a[$(rm)]'
: 'a[$(rm)]'; echo $((_))
: ${x:='a[$(rm)]'}; echo $((x))
x=$(echo 'a[$(rm)]'; echo a | wc -l); echo $((x))
echo $(( $(echo a) ))
x=$((1))'a[$(rm)]'$((2)); echo $((x))
select PATH in a; do break; done
kubectl exec p -- psql -c '\d `rm x`'
kubectl exec p -- psql -c 'select U&"pg\005fread_file"(1)'
kubectl exec p -- psql -c "select query_to_xml('x', true, true, '')"
kubectl exec p -- sh -c 'x="-v a"; [ $x ]'
kubectl exec p -- sh -c 'x="; system(1)"; awk "1$x"'
"""

NOT_IN_THE_TREE = {
    "backticks in a here-document": "cat <<EOF\na `rm x`\nEOF",
    "backticks before a substitution in a here-document": "cat <<EOF\n`rm x` $(true)\nEOF",
    "backticks in backticks": "echo `echo \\`rm x\\``",
    "quoted backticks in backticks": 'echo "`echo \\`rm x\\``"',
    "substitution in a suffix pattern": "echo ${x%$(rm y)}",
    "backticks in a prefix pattern": "echo ${x##`rm y`}",
    "substitution in an upper-case pattern": "echo ${x^$(rm y)}",
    "substitution in a lower-case pattern": 'echo "${x,,$(rm y)}"',
    "line after three stages, with &&": "true | true | true\nrm x && true",
    "line after three stages, with ||": "true | true | true\nrm x || true",
    "line after three stages, with a redirection": "true | true | true\nrm x 2>/dev/null",
    "line after three stages, with a here-document": "true | true | true\nrm x <<EOF\nEOF",
    "line after a comment after three stages": "true | true | true # all\nrm x | true",
    "line after a test": "[ 1 -lt 2 ]\nrm x >/dev/null",
    "name over two lines": "r\\\nm x",
    "command behind a redirection of an assignment": "x= >/dev/null rm y",
    "command behind a here-document of an assignment": "x=(a) <<EOF rm y\nEOF",
    "delimiter behind a backslash": "cat <<EOF\n\\\nEOF\n'\nEOF\nrm x #'",
    "comment that opens a quote": "echo #'\nrm x #'",
    "reserved word behind time": "time if rm x\nthen true; fi",
}
"""Texts for which tree-sitter's tree has neither a node of the command nor an error."""

SAFE = r"""
kubectl get pods -n production | grep -v Running | wc -l
kubectl get pods -A
kubectl -n production logs -f deployment/x --since=5m
kubectl get pods -l app=x -o jsonpath='{.items[*].metadata.name}'
kubectl get pods -o jsonpath={.items[*].metadata.name}
kubectl logs -f deployment/x | grep -iE "timeout|deadline" | head -20
kubectl logs deployment/x --tail=100 2>&1 | grep -i error | sort | uniq -c | sort -rn | head -5
kubectl get pods | awk '{print $1, $3}'
kubectl get pods | awk '/Running|Pending/ {print $1}'
kubectl get pods | awk '$4 > 3 {print $1}'
kubectl get pods | sed -n '1,5p'
kubectl get pods | sed 's/a/b/g; s|x|y|'
kubectl get pods | cut -d' ' -f1 | tr a-z A-Z
kubectl get pods -o json | jq -r '.items[].metadata.name'
kubectl get pods -o name | xargs -n1 kubectl describe
kubectl get pods | while read -r p rest; do kubectl describe pod "$p"; done
POD=$(kubectl get pods -o jsonpath='{.items[0].metadata.name}'); kubectl describe pod $POD
for i in 1 2 3; do kubectl get pods; sleep 1; done
for i in {1..3}; do echo $i; done
n=$(kubectl get pods | wc -l); echo $((n+1))
if [ $n -gt 3 ]; then echo many; fi
export NS=production; kubectl get pods -n $NS
cd /tmp && pwd
kubectl top pods 2>/dev/null || echo none
timeout 5 kubectl logs -f x
watch -n 1 kubectl get pods
date -u +%FT%T
curl -s -o /dev/null -w '%{http_code}\n' http://api-gateway.production.svc.cluster.local:8080/health
curl -fsS --max-time 5 http://tool-service.production:8080/health | jq .status
curl -X POST -H 'X-Tenant: a' -d '{"a": 1}' api-gateway:8080/v1/infer
N=api-gateway; curl http://$N:8080/health
curl "http://api-gateway:8080/a?x=$X"
kubectl exec -it deployment/x -n y -- cat /app/validation_rules.json
kubectl exec x -- ls -la /app
kubectl exec x -- printenv FOO
kubectl exec x -- curl -s http://localhost:8080/metrics | grep websocket
kubectl exec x -- psql $DATABASE_URL -c "SELECT count(*) FROM pg_stat_activity;"
kubectl exec x -- sh -c 'psql "$DATABASE_URL" -c "SELECT 1"'
kubectl scale deployment x --replicas=0
kubectl set env deployment/x A=b
kubectl patch deployment x -p '{"spec":{"replicas":2}}'
kubectl delete pod x --grace-period=0
kubectl rollout undo deployment/x
kubectl gte pods
kubctl get pods
no-such-program-anywhere x
N=5; kubectl get pods | head -n $N
N=$(kubectl get pods | wc -l); kubectl get pods | head -n "$N"
T=$(date +%s); curl -A "x $T" --max-time 5 "http://api-gateway/$T"
kubectl get pods | awk -F'|' '/a|b/ && $1 ~ /c|d/ || $2 == "x" {print $1 / 2}'
kubectl get pods | awk '{s += $2 / 2; t = (s + 1) / 3} END {print s, t}'
kubectl get pods -o name | xargs -I{} kubectl exec {} -- printenv FOO
kubectl get pods -o name | xargs -n1 kubectl logs --tail=5
log() { echo "$(date +%T) $1"; }; log x
[ $(kubectl get pods | wc -l) -gt 3 ] && echo many
R=$(kubectl get deployment x -o jsonpath='{.spec.replicas}'); [ $R -gt 1 ] && echo many
f() { echo $(($# + 1)); }; f a b
n=0; for p in a b; do n=$((n + 1)); done; echo $n
[[ $? -eq 0 ]] && echo fine
hostname
date -u -d '5 minutes ago' +%FT%TZ
read -r -t 1 -p 'go on? ' answer
unset FOO BAR
kubectl exec x -- psql $DATABASE_URL -c '\dt public.*'
"""


def _lines(text: str) -> list[str]:
    """Split into cases: one per line, or several lines where a quote or a here-document is open."""
    cases, open_lines = [], []
    for line in text.strip().splitlines():
        open_lines.append(line)
        whole = "\n".join(open_lines)
        if ("<<EOF" in whole and line != "EOF") or whole.count("'") % 2:
            continue
        cases.append(whole)
        open_lines = []
    return cases


ABSENT = ("kubctl", "no-such-program-anywhere", "f", "log")


def refusals(text: str, *earlier: str, namespace: str = "production") -> list[str]:
    """Why the policy refuses a text after these in the same shell, where every program exists but those of ABSENT."""
    scope = Scope(namespace, lambda name: name not in ABSENT, tuple(parse(one) for one in earlier))
    return list(check.refusals(parse(text), scope))


@pytest.mark.parametrize("line", _lines(UNSAFE))
def test_command_that_is_not_known_to_be_safe_is_refused(line: str) -> None:
    assert refusals(line)


@pytest.mark.parametrize("text", NOT_IN_THE_TREE.values(), ids=NOT_IN_THE_TREE)
def test_command_that_the_syntax_tree_does_not_show_is_refused(text: str) -> None:
    assert refusals(text)


@pytest.mark.parametrize("line", _lines(SAFE))
def test_command_that_an_operator_types_is_allowed(line: str) -> None:
    assert refusals(line) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("rm -rf /", "rm: not an allowed program"),
        ("/bin/ls", "`/bin/ls`: the program's name is a path; write a plain name"),
        ("$CMD", "`$CMD`: the program's name is only known at run time; write a plain name"),
        ("kubectl get pods > out.txt", "`> out.txt`: reads or writes a file; only /dev/null is allowed"),
        ("kubectl get pods &", "`&`: leaves a program running in the background"),
        ("PATH=/bin", "PATH=…: changes how programs work here"),
        (
            "kubectl get pods --context prod",
            "kubectl --context: uses another cluster, user or API path than the sandbox's",
        ),
        ("kubectl apply -R", "kubectl apply: creates objects whose content is not checked"),
        ("kubectl -v get", "kubectl -v: only -n may come before the verb; move the option behind it"),
        ("curl http://example.org/", "curl http://example.org/: example.org is not the name of a Service"),
        ("curl -L http://a/", "curl -L: follows redirects to any host"),
        (
            "curl http://localhost/",
            "curl http://localhost/: localhost is this machine; it is the pod only inside `kubectl exec`",
        ),
        ("kubectl get pods | sort --output=x", "sort --output: not an allowed option"),
        ("kubectl get pods | awk '{system(1)}'", "awk: `system` can run programs or access files"),
        ("kubectl exec p -- ls /root", "ls /root: only files below /app may be read in a pod"),
        ("kubectl exec p -- env rm x", "env rm: env is allowed without arguments only"),
    ],
)
def test_refusal_names_the_thing_and_the_fact(text: str, why: str) -> None:
    assert refusals(text)[0] == why


def test_variables_and_functions_of_earlier_commands_are_known() -> None:
    assert refusals("cat $F") == [], "never set: cat gets no file"
    assert refusals("cat $F", "F=/etc/passwd")
    assert refusals("f", "f() { kubectl get pods; }") == []


def test_function_of_an_earlier_command_is_checked_for_every_later_value() -> None:
    assert refusals("f() { sort $x; }"), "x may be set when it is called"
    assert refusals("x='a[$(rm)]'; f", "f() { echo $((x)); }")
    assert refusals("x=3; f", "f() { echo $((x)); }") == []


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["date", "01010000"], ["date 01010000: not an allowed option; it could set the clock or read a file"]),
        (["date", "-u", "-d", "yesterday"], []),
        (["hostname", "x"], ["hostname x: not an allowed option; it could set the name of this machine"]),
        (["kubectl", "exec", "p", "--", "rm", "x"], ["rm: not an allowed program"]),
        (["kubectl", "exec", "p", "--", "sh", "-c", 'psql "$DATABASE_URL" -c "SELECT 1"'], []),
        (["grep", "$(rm x)"], []),
        (["grep", "-f", "/etc/passwd"], ["grep -f: not an allowed option"]),
        (["curl", "http://api-gateway/", "-o", "x"], ["curl -o x: writes a file; only /dev/null is allowed"]),
        (["env"], ["env: not an allowed program"]),
    ],
)
def test_arguments_that_bash_has_computed_are_checked_by_the_same_rules(argv: list[str], why: list[str]) -> None:
    assert list(check.argument_refusals(argv, Scope("production", lambda name: True))) == why


def test_service_of_another_namespace_needs_its_full_name() -> None:
    assert refusals("curl http://a.staging:80/", namespace="staging") == []
    assert refusals("curl http://a.staging:80/", namespace="production")
    assert refusals("curl http://a.staging.svc:80/", namespace="production") == []
