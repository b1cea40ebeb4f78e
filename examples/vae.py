"""A variational autoencoder learns to draw digits.

    python examples/vae.py

An encoder says, for each image, where in a space of eight dimensions it lies and how surely; a decoder draws an image
from a point there. Both learn to make the evidence lower bound large: what the images' log-probability is at least.
Source: D. Kingma, M. Welling, "Auto-encoding variational Bayes", 2014.
"""

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn
from tinygrad_lab.distributions import Bernoulli, Normal, kl


class VAE(nn.Module):
    """An encoder and a decoder, of images that are rows of pixels between 0 and 1."""

    def __init__(self, pixels, hidden, latent, rng):
        self.encoder = nn.Sequential(
            nn.Linear(pixels, hidden, rng=rng), nn.SiLU(), nn.Linear(hidden, 2 * latent, rng=rng)
        )
        self.decoder = nn.Sequential(nn.Linear(latent, hidden, rng=rng), nn.SiLU(), nn.Linear(hidden, pixels, rng=rng))

    def posterior(self, x):
        """Return where the images lie in the latent space."""
        loc, log_scale = np.split(self.encoder(x), 2, axis=-1)
        return Normal(loc, np.exp(log_scale))

    def forward(self, x, rng):
        """Return the evidence lower bound of each image, in nats."""
        q = self.posterior(x)
        pixels = Bernoulli(logits=self.decoder(q.sample(rng)))
        return np.sum(pixels.log_prob(x), axis=-1) - np.sum(kl(q, Normal(0.0, 1.0)), axis=-1)


def loss(model, x, rng):
    """Return minus the mean evidence lower bound."""
    return -np.mean(model(x, rng))


def images(rng):
    """Return black and white digits, as rows of 64: those to train on, and 297 held out."""
    x, _ = tl.data.digits()
    x = (rng.permutation(x).reshape(len(x), -1) > 0.5).astype(float)
    return x[297:], x[:297]


def show(pixels):
    """Print images of shape (n, 64) beside each other."""
    for row in pixels.reshape(-1, 8, 8).swapaxes(0, 1):
        print("  ".join("".join(" .:*#"[int(4.99 * value)] * 2 for value in line) for line in row))


def main(steps=3000, quiet=False):
    """Train, and return the mean evidence lower bound of the held-out images, in nats."""
    rng = np.random.default_rng(0)
    x, held_out = images(rng)
    model = VAE(64, 200, 8, rng)
    optimizer = tl.optim.Adam(model.parameters(), lr=tl.optim.schedules.cosine(2e-3, steps))
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        value = loss(model, x[rng.integers(0, len(x), 128)], rng)
        value.backward()
        optimizer.step()
        if not quiet and step % 500 == 0:
            print(f"step {step}: evidence lower bound {-value.item():.2f} nats an image")
    with tl.no_grad():
        if not quiet:
            show(tl.functional.sigmoid(model.decoder(rng.normal(size=(6, 8)))).data)
        return -float(np.mean([loss(model, held_out, rng).item() for _ in range(20)]))


if __name__ == "__main__":
    main()
