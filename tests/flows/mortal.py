"""The command line, with few of the passages that ship with the project; told to, it dies by SIGKILL in a stage of a retraining.

    DIE_IN=train DIE_AT=inside python -m tests.flows.mortal -C PROJECT retrain --no-prefect

DIE_AT: `begin` when the stage begins, `inside` half through its work where it tells of that, `done` when all of it is done and nothing of it
is written down yet.
"""

from __future__ import annotations

import os
import signal
from typing import Any
from unittest import mock

STAGES = ("import", "check", "split", "train", "calibrate", "evaluate", "compare", "promote or hold", "re-score", "publish")
INSIDE = {"train": "fine-tuning", "calibrate": "fitting heads", "evaluate": "evaluate", "re-score": "classify"}
"""What is told of while a stage is at work."""


def main() -> None:
    """Run the command."""
    from flows.cli.main import run
    from flows.progress import ProgressFile
    from flows.retraining.runs import Run
    from tests.flows.coding_session import some_invented

    mock.patch("models.training_data.read_invented", some_invented).start()
    stage, moment = os.environ.get("DIE_IN", ""), os.environ.get("DIE_AT", "begin")
    tell, record = ProgressFile.__call__, Run.record

    def told(self: ProgressFile, what: str, done: int, total: int) -> None:
        tell(self, what, done, total)
        begins = moment == "begin" and (what, done) == (stage, 0)
        if begins or (moment == "inside" and what == INSIDE.get(stage) and done >= total / 2):
            os.kill(os.getpid(), signal.SIGKILL)

    def recorded(self: Run, what: str, result: dict[str, Any]) -> dict[str, Any]:
        if (what, moment) == (stage, "done"):
            os.kill(os.getpid(), signal.SIGKILL)
        return record(self, what, result)

    mock.patch.object(ProgressFile, "__call__", told).start()
    mock.patch.object(Run, "record", recorded).start()
    run()


if __name__ == "__main__":
    main()
