"""Keep the entries of a body of lines, a block at a time, each in a transaction with how far the body is taken."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from ingest.services import accept_entries
from ingest.storage.entries import Entry


@dataclass
class Progress:
    """How far a body of lines is taken. An Idempotency-Key remembers it, so that the request may go on after its death."""

    lines: int = 0
    kept: int = 0
    published: int = 0  # of those kept: what Kafka has acknowledged
    first_id: int | None = None
    last_id: int | None = None

    def add(self, last_line: int, ids: Sequence[int]) -> None:
        """Go on to the end of a block that is kept."""
        self.lines = last_line
        self.kept += len(ids)
        self.first_id = ids[0] if self.first_id is None else self.first_id
        self.last_id = ids[-1]

    def state_after(self, last_line: int, ids: Sequence[int]) -> dict[str, Any]:
        """Return what a key has to remember once a block is kept."""
        later = replace(self)
        later.add(last_line, ids)
        return asdict(later)


def accept_blocks(blocks: Iterable[tuple[int, Sequence[Entry]]], progress: Progress, *, wait: bool) -> None:
    """Keep and publish the entries of each block, all or none of it; a block has the number of its last line.

    Raises what accept_entries raises; then `progress` says which lines are kept.
    """
    for last_line, entries in blocks:
        if entries:
            accepted = accept_entries(entries, wait=wait, link=partial(progress.state_after, last_line))
            progress.add(last_line, accepted.ids)
            progress.published += len(accepted.published)
        progress.lines = last_line
