"""How many examples a property plays whose every example goes through a database."""

import os

IS_PROOF = os.environ.get("HYPOTHESIS_PROFILE") == "proof"


def examples(in_check: int, *, in_proof: int) -> int:
    """Return the number for this run: in ``make proof`` time is no matter."""
    return in_proof if IS_PROOF else in_check
