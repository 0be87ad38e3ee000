"""The rules, one file each. `harness.lint.registry` finds every module of this package."""
