"""Recognizes shell commands by the program at their beginning."""

from __future__ import annotations

import re

_PROGRAM = re.compile(
    r"sudo|kubectl|oc|helm|docker|podman|crictl|curl|wget|[ez]?grep|awk|sed|cat|less|tail|head|ls|cd|df|du|ps|h?top|free|uptime"
    r"|vmstat|iostat|dmesg|journalctl|systemctl|psql|mysql|redis-cli|mongosh?|kafka-\S+|aws|gcloud|az|gh|git|make|ssh|scp|ping"
    r"|aws-vault|argocd|flux|istioctl|linkerd|cilium|calicoctl|etcdctl|ceph|rbd|rados|radosgw-admin|rook-ceph|odf|noobaa|virtctl|cmctl|velero|vault|consul"
    r"|nomad|nodetool|cqlsh|rabbitmqctl|rabbitmq-\w+|pg_\w+|patronictl|pgbackrest|barman|mysqldump|mongodump|mongorestore|etcdutl|kafkacat|kcat|zkCli\.sh"
    r"|knife|chef-client|bundle|rake|rails|gitlab-\w+|cf|eksctl|kops|kubeadm|kubectx|kubens|k9s|kustomize|skopeo|buildah|nerdctl|ctr|minikube|kind|k3s|talosctl"
    r"|promtool|amtool|logcli|mimirtool|thanos|service|chroot|mount|umount|fdisk|lsblk|parted|resize2fs|xfs_growfs|lvextend|lvs|vgs|pvs|mdadm|smartctl"
    r"|sysctl|ulimit|strace|tcpdump|perf|sar|pidstat|mpstat|iotop|traceroute|mtr|host|whois|telnet|rsync|tar|gunzip|gzip|zcat|unzip|cp|mv|rm|mkdir|rmdir"
    r"|chmod|chown|ln|touch|tee|sort|uniq|cut|tr|wc|diff|watch|timeout|nohup|screen|tmux|crontab|reboot|shutdown|apt(?:-get)?|yum|dnf|apk|dpkg|rpm|snap"
    r"|brew|npm|npx|yarn|pip3?|go|cargo|mvn|java|jstack|jmap|jcmd|node|ruby|perl|php|sqlite3|mysqladmin|clickhouse-client|influx|base64|sha256sum|md5sum"
    r"|date|env|printenv|id|whoami|hostname|w|who|last|uname|which|pgrep|pkill|killall|renice|iptables|nft|ipvsadm|conntrack|ethtool|tc|nmcli|route|arp"
    r"|doctl|linode-cli|ibmcloud|rosa|ocm|osdctl|gsutil|bq|azcopy|pulumi|packer|vagrant|sops|age|gpg|ssh-keygen|ssh-copy-id|sshpass|expect"
    r"|dig|nslookup|nc|netstat|ss|ip|openssl|terraform|ansible\S*|python3?|bash|sh|echo|export|kill|lsof|jq|yq|find|xargs|stern"
)
_ENGLISH = re.compile(
    r"sudo|cat|less|tail|head|cd|top|free|uptime|make|ping|ip|bash|sh|echo|export|kill|find|oc|az|gh|ls|ps|df|du|ss|python3?"
    r"|flux|vault|consul|nomad|knife|bundle|rake|rails|cf|kind|service|mount|host|perf|thanos|touch|sort|cut|tr|diff|watch|timeout|screen|snap|go|node|ruby"
    r"|date|env|id|w|who|last|which|route|age|expect|tee|apt|tar|linkerd|influx|cilium|velero|java|telnet|reboot|shutdown|php|perl|argocd|ceph|packer|odf|ctr"
)
"""Programs whose names also begin sentences."""
_NO_LONE_COMMAND = re.compile(
    r"kubectl|oc|helm|docker|podman|crictl|curl|wget|[ez]?grep|awk|sed|cat|less|tail|head|cd|systemctl|aws|gcloud|az|gh|git|make"
    r"|ssh|scp|ping|dig|nslookup|nc|ip|openssl|terraform|ansible\S*|python3?|bash|sh|echo|export|kill|jq|yq|find|xargs|stern|sudo"
    r"|flux|vault|consul|nomad|knife|bundle|rake|rails|cf|kind|service|mount|host|perf|thanos|touch|sort|cut|tr|diff|watch"
    r"|timeout|screen|snap|go|node|ruby|date|env|id|w|who|last|which|route|age|expect|tee|apt|tar|linkerd|influx|cilium|velero"
    r"|java|telnet|reboot|shutdown|php|perl|argocd|ceph|packer|odf|ctr|istioctl|virtctl|npm|yarn|pip3?|cargo|mvn|cp|mv|rm"
    r"|mkdir|chmod|chown|rsync|etcdctl|patronictl|promtool|amtool|eksctl|kops|kubeadm|kustomize|gsutil|pulumi|vagrant|gpg|rosa|ocm"
)
"""Programs that do nothing without arguments, or whose name is also that of a thing: a lone name is no command."""
_SIGN = re.compile(r"(^|\s)--?\w|\||&&|(^|\s)\.{0,2}/\S|\$[({A-Z]")
_ASSIGNMENTS = re.compile(r"^(\w+=\S*\s+)+")


def is_program(code: str) -> bool:
    """Whether the first word of a text, behind its assignments, is a known program or `export`."""
    words = _ASSIGNMENTS.sub("", code.strip()).split(maxsplit=1)
    if not words or not _PROGRAM.fullmatch(words[0]):
        return False
    return len(words) > 1 or not _NO_LONE_COMMAND.fullmatch(words[0])


_RUN = re.compile(
    r"\s*(?:(?:for|while|until|if|case|function|set|source|read|declare|local)\s|\.{0,2}/[\w./-]+(?:\s|$)|[({]\s|\w+\(\)|[\w$]+=)"
)


def looks_run(line: str) -> bool:
    """Whether a line of code is a command, not output: it begins with a program, a path or a word of the shell."""
    return is_program(line) or only_assigns(line) or bool(_RUN.match(line))


def runs_a_program(code: str) -> bool:
    """Whether a text does more than to export variables."""
    return is_program(code) and not code.strip().startswith("export ")


def only_assigns(code: str) -> bool:
    """Whether a text only assigns variables: `A=1`, `export A=1 B=2`."""
    return bool(re.fullmatch(r"(export\s+)?(\w+=\S*\s*)+", code.strip()))


def looks_typed(text: str) -> bool:
    """Whether a text that is not marked as code is a command: a program that is no word, or one with an option."""
    plain = text.strip("` ")
    return is_program(plain) and (not _ENGLISH.fullmatch(plain.split()[0]) or bool(_SIGN.search(plain)))
