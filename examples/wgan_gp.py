"""A Wasserstein GAN with gradient penalty learns to throw points at eight targets in a ring.

    python examples/wgan_gp.py

The critic is punished where the norm of its gradient is not 1: `tl.grad` inside the loss, `backward()` outside.
Source: I. Gulrajani and others, "Improved training of Wasserstein GANs", 2017.
"""

import numpy as np
from scipy.stats import wasserstein_distance

import tinygrad_lab as tl
from tinygrad_lab import nn


def ring(n, rng):
    """Return n points about the corners of a regular octagon."""
    angle = 2 * np.pi * rng.integers(0, 8, n) / 8
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) + 0.05 * rng.normal(size=(n, 2))


def network(inputs, outputs, rng, hidden=64):
    """Return a network with two hidden layers."""
    return nn.Sequential(
        nn.Linear(inputs, hidden, rng=rng), nn.SiLU(), nn.Linear(hidden, hidden, rng=rng), nn.SiLU(),
        nn.Linear(hidden, outputs, rng=rng),
    )  # fmt: skip


def penalty(critic, x):
    """Return how far the critic's slope at the points is from 1, squared, on average."""
    slope = tl.grad(lambda x: np.sum(critic(x)))(x)
    return np.mean((np.sqrt(np.sum(slope * slope, axis=1) + 1e-12) - 1) ** 2)


def critic_loss(critic, real, fake, between):
    """Return what the critic makes small: how little it tells real from fake, and the penalty."""
    return np.mean(critic(fake)) - np.mean(critic(real)) + 1.0 * penalty(critic, between)


def generator_loss(generator, critic, noise):
    """Return what the generator makes small: how unreal the critic finds its points."""
    return -np.mean(critic(generator(noise)))


def distance(x, y, directions=24):
    """Return the sliced Wasserstein distance of two clouds: the mean distance of their shadows on lines."""
    angles = np.pi * np.arange(directions) / directions
    lines = np.stack([np.cos(angles), np.sin(angles)])
    return float(np.mean([wasserstein_distance(x @ line, y @ line) for line in lines.T]))


def main(steps=2000, quiet=False):
    """Train, and return the sliced Wasserstein distance of the generated points from fresh real ones."""
    rng = np.random.default_rng(0)
    generator, critic = network(4, 2, rng), network(2, 1, rng)
    rate = tl.optim.schedules.cosine(1e-3, steps, minimum=1e-5)
    of_generator = tl.optim.Adam(generator.parameters(), lr=rate, betas=(0.5, 0.9))
    of_critic = tl.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))

    def generated(n):
        with tl.no_grad():
            return generator(rng.normal(size=(n, 4))).data

    @tl.compile(state=(critic, of_critic))
    def teach_critic(real, fake, between):
        of_critic.zero_grad()
        critic_loss(critic, real, fake, between).backward()
        of_critic.step()

    @tl.compile(state=(generator, critic, of_generator))
    def teach_generator(noise):
        of_generator.zero_grad()
        generator_loss(generator, critic, noise).backward()
        of_generator.step()

    for step in range(1, steps + 1):
        for _ in range(4):
            real, fake, share = ring(128, rng), generated(128), rng.random((128, 1))
            teach_critic(real, fake, share * real + (1 - share) * fake)
        teach_generator(rng.normal(size=(128, 4)))
        if not quiet and step % 400 == 0:
            print(f"step {step}: distance {distance(generated(2000), ring(2000, rng)):.4f}")
    points = generated(4000)
    if not quiet:
        counts, *_ = np.histogram2d(*points.T, bins=(48, 20), range=((-1.4, 1.4), (-1.4, 1.4)))
        print("\n".join("".join(" .:*#"[min(4, int(c / 4))] for c in row) for row in counts.T[::-1]))
    return distance(points, ring(4000, rng))


if __name__ == "__main__":
    main()
