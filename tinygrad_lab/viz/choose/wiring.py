"""When equal repetitions may be shown as one: if that says what is so, and nothing that is not.

Drawn once, repetitions must all have the same inputs and outputs, or be a chain, each fed by the one before it in the
same way. What only the last one of a chain hands on leaves the box as a line; what each one does is marked as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tinygrad_lab.viz.describe.snapshot import Snapshot

LEAST = 3  # repetitions

Source = tuple[str, object]  # where an argument comes from, as seen from inside a repetition
Pattern = list[list[tuple[int, Source]]]  # by operation: the position of each argument, and where it comes from
RESULT = "the graph's result"


class Wiring:
    """Who feeds whom in a graph."""

    def __init__(self, snapshot: Snapshot) -> None:
        nodes = snapshot.by_id
        self.sources: dict[str, list[tuple[int, str]]] = {node.id: [] for node in snapshot.nodes}
        self.users: dict[str, list[str]] = {node.id: [] for node in snapshot.nodes}
        self.kinds = {node.id: node.kind for node in snapshot.nodes if not node.operation}
        for edge in snapshot.edges:
            self.sources[edge.target].append((edge.position, edge.source))
            if nodes[edge.source].operation:
                self.users[edge.source].append(edge.target)
        for output in snapshot.outputs:
            self.users[output].append(RESULT)

    def foldable(self, repetitions: Iterable[Sequence[str]]) -> int:
        """Return how many of the repetitions, from the first on, may be shown as one; below `LEAST` means none.

        Arguments:
            repetitions: the ids of the operations of each, in corresponding order; none is asked for after the first
                that is fed in another way, so that what cannot be folded costs little.
        """
        alike_fed, chained = self._fed_alike(repetitions)
        count = len(alike_fed)
        while count >= LEAST:
            alike = self._handed_on_alike(alike_fed[:count], chained)
            if alike == count:
                return count
            count = alike
        return 1

    def _fed_alike(self, repetitions: Iterable[Sequence[str]]) -> tuple[list[Sequence[str]], bool]:
        """Return the repetitions up to the first that is fed in another way, and whether they are a chain."""
        found: list[Sequence[str]] = []
        place: dict[str, tuple[int, int]] = {}  # of what was made so far: an argument is older than what is made of it
        pattern: Pattern = []
        chained = False
        for k, one in enumerate(repetitions):
            place.update((own, (k, p)) for p, own in enumerate(one))
            if k == 1:
                pattern = self._pattern(one, k, place)
                kinds = {kind for row in pattern for _, (kind, _) in row}
                chained = "before" in kinds
                if "far" in kinds or self._pattern(found[0], 0, place, pattern) != pattern:
                    return found, False
            elif k and self._pattern(one, k, place) != pattern:
                break
            found.append(one)
        return found, chained

    def _pattern(
        self, repetition: Sequence[str], k: int, place: dict[str, tuple[int, int]], chain: Pattern | None = None
    ) -> Pattern:
        """Return where the arguments come from; where `chain` has the repetition before, the first may begin freely."""
        leaves: dict[str, int] = {}  # numbered in every repetition: which ones they are, their boxes say
        found: Pattern = []
        for p, own in enumerate(repetition):
            row: list[tuple[int, Source]] = []
            for i, (position, source) in enumerate(self.sources[own]):
                wanted = chain[p][i][1] if chain is not None and i < len(chain[p]) else None
                if wanted is not None and wanted[0] == "before" and source not in place:
                    row.append((position, wanted))
                else:
                    row.append((position, self._seen(source, k, place, leaves)))
            found.append(row)
        return found

    def _seen(self, source: str, k: int, place: dict[str, tuple[int, int]], leaves: dict[str, int]) -> Source:
        if source in self.kinds:
            return "leaf", (self.kinds[source], leaves.setdefault(source, len(leaves)))
        if source not in place:
            return "outside", source
        other, p = place[source]
        return ("inside", p) if other == k else ("before", p) if other == k - 1 else ("far", source)

    def _handed_on_alike(self, repetitions: Sequence[Sequence[str]], chained: bool) -> int:
        """Return for how many repetitions it holds: all, or those up to the first that feeds others than the first."""
        inside = {own for one in repetitions for own in one}
        last = len(repetitions) - 1
        for p in range(len(repetitions[0])):
            outside = [{user for user in self.users[one[p]] if user not in inside} for one in repetitions]
            for k, users in enumerate(outside):
                if users != outside[0] and not (k == last and chained and users > outside[0]):
                    return max(k, 1) if k < last else k
        return len(repetitions)
