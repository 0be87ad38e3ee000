"""Runs the services of a compose project (compose-spec.io) as Deployments of a docker platform.

`config` asks compose what the file means, `model` reads the answer, `images` builds and inspects the images, and
`manifests` writes what the small cluster deploys.
"""
