"""A picture in words: one numbered row a box, in order of time, indented by the frames around it."""

from __future__ import annotations

from tinygrad_lab.viz.write.picture import Picture


def render(picture: Picture) -> str:
    """Return the text; `←` says which rows a row was computed from."""
    view = picture.view
    numbers = {own: i for i, own in enumerate(view.boxes)}
    sources: dict[str, list[str]] = {own: [] for own in view.boxes}
    for link in view.links:
        mark = " ↻" if link.loop else f" (all {link.each})" if link.each > 1 else ""
        sources[link.target].append(str(numbers[link.source]) + mark)
    rows: list[tuple[str, ...]] = []
    opened: list[str] = []
    for own, box in view.boxes.items():
        path = _path(picture, box.cluster)
        common = sum(1 for a, b in zip(opened, path, strict=False) if a == b)
        rows += [("", "  " * i + picture.titles[path[i]]) for i in range(common, len(path))]
        opened = path
        label = picture.labels[own]
        marks = "".join(f" [{badge}]" for badge in label.badges)
        came = " ← " + ", ".join(sources[own]) if sources[own] else ""
        rows.append(
            (str(numbers[own]), "  " * len(path) + label.title, box.kind, " · ".join(label.lines) + came + marks)
        )
    columns = [max((len(row[i]) for row in rows if len(row) > 2), default=0) for i in range(3)]
    lines = [f"{view.snapshot.title}: {view.caption}", *view.snapshot.notes]
    for row in rows:
        number, name, *rest = row
        line = f"{number:>{columns[0]}}  {name:<{columns[1]}}"
        if rest:
            line += f"  {rest[0]:<{columns[2]}}  {rest[1]}"
        lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


def _path(picture: Picture, cluster: str) -> list[str]:
    path: list[str] = []
    while cluster:
        path.append(cluster)
        cluster = picture.view.clusters[cluster].parent
    return path[::-1]
