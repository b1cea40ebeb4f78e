"""A network of sines (SIREN) stands for a picture: it gives the brightness at any place, and the slope too.

    python examples/siren.py

It is shown brightness alone, on a grid; its derivative, which nobody showed it, is compared with the picture's.
Source: V. Sitzmann and others, "Implicit neural representations with periodic activation functions", 2020.
"""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn


def picture(p):
    """Return the brightness at points (..., 2) of the square from −1 to 1: rings that become narrower, and a blot."""
    x, y = p[..., 0], p[..., 1]
    square = x * x + y * y
    return np.cos(12 * square) * np.exp(-square) + np.exp(-20 * ((x - 0.5) ** 2 + (y + 0.4) ** 2))


class Sine(nn.Module):
    """`y = sin(frequency · (w x + b))`, with first weights that keep the distribution of the results the same."""

    def __init__(self, inputs, outputs, rng, frequency=15.0, first=False):
        bound = 1 / inputs if first else np.sqrt(6 / inputs) / frequency
        self.linear = nn.Linear(inputs, outputs, rng=rng)
        self.linear.weight.data = rng.uniform(-bound, bound, (outputs, inputs))
        self.frequency = frequency

    def forward(self, x):
        """Return the sines."""
        return np.sin(self.frequency * self.linear(x))


def network(rng, width=64):
    """Return the network, from points (..., 2) to brightness (..., 1)."""
    return nn.Sequential(
        Sine(2, width, rng, first=True), Sine(width, width, rng), Sine(width, width, rng), nn.Linear(width, 1, rng=rng)
    )


def grid(n):
    """Return the n × n points of a grid, (n · n, 2)."""
    line = np.linspace(-1, 1, n)
    return np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)


def loss(model, points, brightness):
    """Return the mean squared error of the brightness."""
    return np.mean((model(points)[..., 0] - brightness) ** 2)


def slope(function, points):
    """Return the gradient of a function of points at each of them."""
    return tl.grad(lambda p: np.sum(function(p)))(points)


def draw(brightness, n):
    """Print n × n numbers as a picture."""
    shades = " .:-=+*#%@"
    level = np.clip((brightness + 1.2) / 2.8 * len(shades), 0, len(shades) - 1).astype(int).reshape(n, n)
    print("\n".join("".join(shades[i] * 2 for i in row) for row in level))


def main(steps=1000, quiet=False):
    """Train, and return the peak signal-to-noise ratio between the points of the grid, in decibels."""
    rng = np.random.default_rng(0)
    model = network(rng)
    points = grid(64)
    brightness = picture(points)
    optimizer = tl.optim.Adam(model.parameters(), lr=tl.optim.schedules.cosine(2e-3, steps))

    @tl.compile(state=(model, optimizer))
    def step(points, brightness):
        optimizer.zero_grad()
        value = loss(model, points, brightness)
        value.backward()
        optimizer.step()
        return value

    for number in range(1, steps + 1):
        chosen = rng.integers(0, len(points), 1024)
        value = step(points[chosen], brightness[chosen])
        if not quiet and number % 200 == 0:
            print(f"step {number}: mean squared error {value.item():.2e}")

    between = grid(80)
    with tl.no_grad():
        error = np.mean((model(between)[..., 0].data - picture(between)) ** 2)
        true, found = slope(picture, between), slope(lambda p: model(p)[..., 0], between)
    ratio = float(10 * np.log10(np.ptp(picture(between)) ** 2 / error))
    if not quiet:
        with tl.no_grad():
            draw(model(grid(28)).data, 28)
        off = np.linalg.norm(found - true) / np.linalg.norm(true)
        print(f"{ratio:.1f} dB; its slope, never shown, is off by {off:.1%}")
    return ratio


if __name__ == "__main__":
    main()
