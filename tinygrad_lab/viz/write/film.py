"""The reverse sweep as a short film: an SVG that moves by itself, a GIF, or an MP4."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tinygrad_lab.errors import MissingExtraError
from tinygrad_lab.viz.describe.stepper import steps
from tinygrad_lab.viz.write import svg
from tinygrad_lab.viz.write.picture import Picture

MOST_SCENES = 60  # more steps than this share scenes
REST = 3  # scenes for which the whole picture stays


@dataclass(frozen=True)
class Film:
    """When gradients appear, in scenes from 1 on.

    Attributes:
        scenes: how many there are.
        boxes: by box, the scene in which its gradient is complete.
        lines: by ends of a line, the scene in which a gradient flows along it.
    """

    scenes: int
    boxes: dict[str, int]
    lines: dict[tuple[str, str], int]


def direct(picture: Picture) -> Film:
    """Return when what of a picture appears: as the sweep goes, a step a scene if there are not too many."""
    snapshot, view = picture.view.snapshot, picture.view
    sweep = steps(snapshot)
    scene = {step.node.id: 1 + i * MOST_SCENES // max(len(sweep), MOST_SCENES) for i, step in enumerate(sweep)}
    last = max(scene.values(), default=0)
    arrived: dict[str, int] = {}
    for edge in snapshot.edges:
        if edge.gradient is not None and edge.target in scene:
            arrived[edge.source] = max(arrived.get(edge.source, 0), scene[edge.target])
    boxes = {own: max((arrived.get(node.id, 0) for node in box.members), default=0) for own, box in view.boxes.items()}
    lines = {
        (link.source, link.target): max((scene.get(edge.target, 0) for edge in link.edges), default=0)
        for link in view.links
    }
    return Film(last, boxes, lines)


def write(picture: Picture, path: Path, seconds: float) -> None:
    """Write the film.

    Arguments:
        picture: with gradients.
        path: .svg, .gif or .mp4.
        seconds: for which a scene stays.

    Raises:
        MissingExtraError: for GIF without resvg-py and Pillow, for MP4 without ffmpeg as well.
    """
    film = direct(picture)
    if path.suffix == ".svg":
        path.write_text(svg.render(picture, "auto", Playing(film, seconds)), encoding="utf-8")
        return
    frames = [_frame(picture, film, scene) for scene in range(film.scenes + 1)]
    if path.suffix == ".gif":
        durations = [round(1000 * seconds)] * film.scenes + [round(1000 * seconds * REST)]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0)
    else:
        _encode(frames + [frames[-1]] * (REST - 1), path, seconds)


@dataclass(frozen=True)
class Playing:
    """Tells the drawing how parts appear: by themselves, over and over."""

    film: Film
    seconds: float

    def appearing(self, scene: int) -> str:
        """Return the animation of a part that appears in a scene."""
        whole = self.film.scenes + REST
        start, end = scene / whole, min((scene + 0.6) / whole, 0.999)
        return (
            f'<animate attributeName="opacity" values="0;0;1;1" keyTimes="0;{start:.4f};{end:.4f};1" '
            f'dur="{whole * self.seconds:.2f}s" repeatCount="indefinite"/>'
        )


@dataclass(frozen=True)
class Still:
    """Tells the drawing which parts are there in one scene."""

    film: Film
    scene: int

    def appearing(self, scene: int) -> str:
        """Return an animation that never ends as what hides a part that is not there yet."""
        return "" if scene <= self.scene else "hidden"


def _frame(picture: Picture, film: Film, scene: int) -> Any:
    if find_spec("resvg_py") is None or find_spec("PIL") is None:
        raise MissingExtraError(
            "animate: writing frames needs both resvg-py and Pillow; "
            'run: pip install "tinygrad-lab[png]", or write .svg, which needs nothing'
        )
    import resvg_py
    from PIL import Image

    drawn = resvg_py.svg_to_bytes(svg_string=svg.render(picture, "light", Still(film, scene)))
    return Image.open(io.BytesIO(bytes(drawn))).convert("RGB")


def _ffmpeg() -> str:
    """Return the path of the system's ffmpeg, or of the one that imageio-ffmpeg brings."""
    if found := shutil.which("ffmpeg"):
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:  # a RuntimeError where it has no binary for this machine
        raise MissingExtraError(
            "animate: .mp4 needs ffmpeg, and there is none; install it, "
            'run pip install "tinygrad-lab[film]", or write .gif or .svg'
        ) from error


def _encode(frames: list[Any], path: Path, seconds: float) -> None:
    ffmpeg = _ffmpeg()
    width, height = (size - size % 2 for size in frames[0].size)
    with tempfile.TemporaryDirectory() as folder:
        for i, frame in enumerate(frames):
            frame.crop((0, 0, width, height)).save(Path(folder) / f"{i:05}.png")
        command = [ffmpeg, "-y", "-loglevel", "error", "-framerate", f"{1 / seconds:.4f}", "-i", f"{folder}/%05d.png",
                   "-pix_fmt", "yuv420p", "-r", "25", str(path)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 no shell
