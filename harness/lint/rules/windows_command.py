"""RB212: a command of Windows in a block for a Unix shell."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.names import names
from harness.lint.typed import SHELLS

_WINDOWS = names(
    """
    findstr Select-String Select-Object Get-Content Where-Object ForEach-Object Get-Process Get-Service Set-Content
    Invoke-WebRequest Invoke-RestMethod Start-Process Stop-Process Restart-Service Write-Host Sort-Object
    Measure-Object Format-Table Out-File tasklist taskkill ipconfig
    """
)


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        block = command.source.block
        if command.program in _WINDOWS and block is not None and block.lang in SHELLS and not command.inside:
            yield at(command, f"{shown(command.program)} is a command of Windows, in a block labelled `{block.lang}`")


RULE = Rule(
    code="RB212",
    name="windows-command",
    severity=Severity.WARNING,
    summary="A block for a Unix shell has a command of Windows.",
    why="On the machine of the person who is paged the program does not exist, and the output of the command before it "
    "is lost. Use `grep`, `head`, `sort`, or label the block `powershell`.",
    fires="```bash\nkubectl logs deploy/api -n shop --tail=100 | findstr ERROR\n```\n",
    silent="```powershell\nkubectl logs deploy/api -n shop --tail=100 | findstr ERROR\n```\n",
    check=_check,
)
