"""Label a catalogue: many files by several processes, with a ledger, so that a run can be killed and go on."""

from __future__ import annotations

from provlabel.batch.jobs import Wanted, shard_from, wanted_in
from provlabel.batch.planning import Planned, RefusedBatch
from provlabel.batch.running import BatchResult, Progress, run_batch

__all__ = ["BatchResult", "Planned", "Progress", "RefusedBatch", "Wanted", "run_batch", "shard_from", "wanted_in"]
