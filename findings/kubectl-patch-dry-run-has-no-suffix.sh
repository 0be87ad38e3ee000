#!/usr/bin/env bash
# One would guess: with --dry-run, `kubectl patch` says so as every other command that changes an object does:
# `configmap/demo patched (dry run)`, or `(server dry run)`.
# What happens: it prints `configmap/demo patched`, the same line as for a real change. The suffix is put into the operation that
# is printed before the result is known, and the result, `patched` or `patched (no change)`, then replaces the whole operation.
# Version: kubectl 1.36.3 (module k8s.io/kubectl v0.36.3). Source: pkg/cmd/patch/patch.go, `Complete` and `ToPrinter`.
# Nothing is changed in the cluster; only the message differs. --local needs no cluster and prints by the same code.
set -euo pipefail
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
cat >main.go <<'GO'
package main

import (
	"os"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/kubectl/pkg/cmd/label"
	"k8s.io/kubectl/pkg/cmd/patch"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	factory := util.NewFactory(genericclioptions.NewConfigFlags(true))
	command := patch.NewCmdPatch(factory, streams)
	if os.Args[1] == "label" {
		command = label.NewCmdLabel(factory, streams)
	}
	command.SetArgs(os.Args[2:])
	if command.Execute() != nil {
		os.Exit(1)
	}
}
GO
printf 'module demo\n\ngo 1.26\n\nrequire k8s.io/kubectl v0.36.3\n' >go.mod
go mod tidy >go.log 2>&1
go build -o kubectl . >>go.log 2>&1
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: demo}\ndata: {x: "1"}\n' >object.yaml
export KUBECONFIG=/dev/null
patched=$(./kubectl patch --local -f object.yaml -p '{"data":{"x":"2"}}' --dry-run=client)
labeled=$(./kubectl label --local -f object.yaml a=b --dry-run=client)
go list -m k8s.io/kubectl
printf 'patch: %s\nlabel: %s\n' "$patched" "$labeled"
[ "$labeled" = "configmap/demo labeled (dry run)" ]
[ "$patched" = "configmap/demo patched" ]
