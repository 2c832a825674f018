import json
import subprocess
import sys
from pathlib import Path

from tests.house.sources import ROOT


def test_the_bench_measures_and_writes_what_it_found(tmp_path: Path):
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "tests.bench", "--quick", "--only", "bulk", "--to", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    numbers = json.loads((tmp_path / "performance.json").read_text())
    ratio, *rates = numbers["rows"]["bulk"]["figures"]
    assert (ratio["name"], len(ratio["rounds"])) == ("Bulk ÷ one by one", 2)
    assert all(rate["value"] > 0 for rate in rates)
    assert "| Bulk of 100 people |" in (tmp_path / "performance.md").read_text()
