"""What is wrong with a bundle, each finding in three parts, and how it is told."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hotspot.bundle.codes import CODES, Severity


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Parameters
    ----------
    code : str
        A key of `CODES`; it never changes its meaning.
    file : str
        Name within the bundle, or ``.`` for the bundle itself.
    problem : str
        What is wrong, one clause.
    seen : str
        The values seen.
    """

    code: str
    file: str
    problem: str
    seen: str

    @property
    def severity(self) -> Severity:
        """``error`` or ``warning``."""
        return CODES[self.code].severity

    @property
    def remedy(self) -> str:
        """What to do."""
        return CODES[self.code].remedy

    def to_dict(self) -> dict[str, str]:
        """Return the finding as plain values for JSON."""
        return {
            "code": self.code,
            "severity": self.severity,
            "file": self.file,
            "problem": self.problem,
            "seen": self.seen,
            "remedy": self.remedy,
        }


@dataclass
class Findings:
    """A list of findings that grows; the same finding is kept once."""

    found: list[Finding] = field(default_factory=list)

    def add(self, code: str, file: str, problem: str, seen: object) -> None:
        """Note a finding; `code` is a key of `CODES`."""
        CODES[code]
        entry = Finding(code, file, problem, " ".join(str(seen).split())[:300])
        if entry not in self.found:
            self.found.append(entry)

    def has(self, code: str, file: str | None = None) -> bool:
        """Whether there is a finding of a code, of one file or of any."""
        return any(e.code == code and file in (None, e.file) for e in self.found)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in a fixed order: errors first, then by file and code."""
    return sorted(findings, key=lambda f: (f.severity != "error", f.file, f.code, f.seen))


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether one of the findings is an error."""
    return any(finding.severity == "error" for finding in findings)


def as_text(name: str, findings: Sequence[Finding]) -> str:
    """Return findings for people."""
    errors = sum(finding.severity == "error" for finding in findings)
    lines = [
        f"{f.severity:<8}{f.file}: {f.problem} [{f.code}]\n"
        f"        seen: {f.seen}\n        do: {f.remedy}"
        for f in ordered(findings)
    ]
    rest = len(findings) - errors
    end = f"{name}: {errors} error{'s' * (errors != 1)}, {rest} warning{'s' * (rest != 1)}."
    return "\n".join([*lines, end]) + "\n"


def as_json(name: str, findings: Sequence[Finding]) -> str:
    """Return findings as JSON, for programs."""
    told = {
        "bundle": name,
        "errors": sum(finding.severity == "error" for finding in findings),
        "warnings": sum(finding.severity == "warning" for finding in findings),
        "findings": [finding.to_dict() for finding in ordered(findings)],
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
