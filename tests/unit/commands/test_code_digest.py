"""What a stage takes for its code."""

from pathlib import Path

import hotspot
from hotspot.commands.stamps import code_digest

ROOT = Path(hotspot.__file__).parent


def test_what_is_compiled_beside_the_code_is_no_code() -> None:
    """Loops that numba keeps beside their module do not make a stage run again."""
    before = code_digest(("estimators",))
    kept = ROOT / "estimators" / "__pycache__" / "test_code_digest.nbi"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(b"compiled")
    try:
        assert code_digest(("estimators",)) == before
    finally:
        kept.unlink()
