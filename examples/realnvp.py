"""A normalizing flow (RealNVP) learns the density of two moons, exactly: no bound, no sampling.

    python examples/realnvp.py

Each layer moves one coordinate by a map that the other decides, so that it is inverted, and its volume known, at once.
Source: L. Dinh, J. Sohl-Dickstein, S. Bengio, "Density estimation using Real NVP", 2017.
"""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn
from tinygrad_lab.distributions import Normal


class Coupling(nn.Module):
    """Maps one of two coordinates by `y = x · exp(s) + t`, where the other decides s and t.

    Arguments:
        mapped: which coordinate is mapped, 0 or 1.
        hidden: the size of the network that decides.
        rng: where the first parameters come from.
    """

    def __init__(self, mapped, hidden, rng):
        self.mapped = mapped
        self.network = nn.Sequential(
            nn.Linear(1, hidden, rng=rng), nn.Tanh(), nn.Linear(hidden, hidden, rng=rng), nn.Tanh(),
            nn.Linear(hidden, 2, rng=rng),
        )  # fmt: skip

    def _parts(self, x):
        decides = x[:, 1 - self.mapped, None]
        out = self.network(decides)
        return x[:, self.mapped, None], decides, 2 * np.tanh(out[:, :1]), out[:, 1:]

    def _joined(self, mapped, decides):
        return np.concatenate([decides, mapped] if self.mapped else [mapped, decides], axis=1)

    def forward(self, x):
        """Return the points moved, and the logarithm of how much each one's neighbourhood grew."""
        mapped, decides, s, t = self._parts(x)
        return self._joined(mapped * np.exp(s) + t, decides), s[:, 0]

    def inverse(self, y):
        """Return the points that `forward` moves to `y`."""
        mapped, decides, s, t = self._parts(y)
        return self._joined((mapped - t) * np.exp(-s), decides)


class Flow(nn.Module):
    """Couplings in a row, from data to a standard normal distribution."""

    def __init__(self, layers, hidden, rng):
        self.layers = nn.ModuleList(Coupling(i % 2, hidden, rng) for i in range(layers))

    def forward(self, x):
        """Return the logarithm of the density at points (n, 2)."""
        grown = 0.0
        for layer in self.layers:
            x, logarithm = layer(x)
            grown = grown + logarithm
        return np.sum(Normal(0.0, 1.0).log_prob(x), axis=1) + grown

    def sample(self, rng, n):
        """Return n points drawn from the density."""
        x = rng.normal(size=(n, 2))
        for layer in reversed(self.layers):
            x = layer.inverse(x)
        return x


def loss(model, x):
    """Return minus the mean log-density, in nats."""
    return -np.mean(model(x))


def main(steps=2000, quiet=False):
    """Train, and return minus the mean log-density of held-out points, in nats."""
    rng = np.random.default_rng(0)
    held_out, _ = tl.data.two_moons(4000, np.random.default_rng(1))
    model = Flow(8, 32, rng)
    optimizer = tl.optim.Adam(model.parameters(), lr=tl.optim.schedules.one_cycle(5e-3, max(2, steps)))
    for step in range(1, steps + 1):
        x, _ = tl.data.two_moons(256, rng)
        optimizer.zero_grad()
        value = loss(model, x)
        value.backward()
        optimizer.step()
        if not quiet and step % 400 == 0:
            print(f"step {step}: {value.item():.3f} nats a point")
    with tl.no_grad():
        if not quiet:
            counts, *_ = np.histogram2d(*model.sample(rng, 4000).data.T, bins=(48, 18), range=((-1.5, 2.5), (-1, 1.5)))
            print("\n".join("".join(" .:*#"[min(4, int(c / 3))] for c in row) for row in counts.T[::-1]))
        return loss(model, held_out).item()


if __name__ == "__main__":
    main()
