"""A recurrent network learns the Zen of Python by heart, character by character, and recites it.

python examples/gru_characters.py
"""

import codecs
import contextlib
import io

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn


def zen():
    """Return the Zen of Python, which the module `this` prints when it is imported, and keeps as a cipher."""
    with contextlib.redirect_stdout(io.StringIO()):
        import this
    return codecs.decode(this.s, "rot13")


class Reader(nn.Module):
    """Scores for the next character, given those before it.

    Arguments:
        alphabet: how many characters there are.
        size: the size of the state.
        rng: where the first parameters come from.
    """

    def __init__(self, alphabet, size, rng, dtype=np.float32):
        self.embedding = nn.Embedding(alphabet, 32, rng=rng, dtype=dtype)
        self.gru = nn.GRU(32, size, batch_first=True, rng=rng, dtype=dtype)
        self.output = nn.Linear(size, alphabet, rng=rng, dtype=dtype)

    def forward(self, characters, state=None):
        """Return scores of shape (batch, positions, alphabet), and the state after the last position."""
        states, state = self.gru(self.embedding(characters), state)
        return self.output(states), state


def windows(text, length, count, rng):
    """Return `count` pieces of a sequence of numbers, and the same pieces one place further on."""
    start = rng.integers(0, len(text) - length, count)[:, None] + np.arange(length)
    return text[start], text[start + 1]


def loss(model, x, y):
    """Return the mean cross-entropy of the characters that follow, in nats."""
    scores, _ = model(x)
    return tl.functional.cross_entropy(np.moveaxis(scores, -1, 1), y)


def recite(model, alphabet, first, length):
    """Return what the model says after `first`, the likeliest character each time."""
    said, state = [first], None
    with tl.no_grad():
        for _ in range(length - 1):
            scores, state = model(np.array([[alphabet.index(said[-1])]]), state)
            said.append(alphabet[int(np.argmax(scores.data))])
    return "".join(said)


def main(steps=300, quiet=False):
    """Train, and return the mean loss in nats a character over the whole text."""
    rng = np.random.default_rng(0)
    text = zen()
    alphabet = sorted(set(text))
    numbers = np.array([alphabet.index(character) for character in text])
    model = Reader(len(alphabet), 128, rng)
    optimizer = tl.optim.Adam(model.parameters(), lr=tl.optim.schedules.one_cycle(0.01, max(2, steps)))
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        value = loss(model, *windows(numbers, 64, 32, rng))
        value.backward()
        tl.optim.clip_grad_norm(model.parameters(), 1.0)
        optimizer.step()
        if not quiet and step % 100 == 0:
            print(f"step {step}: {value.item():.3f} nats a character")
    if not quiet:
        print(recite(model, alphabet, "T", 300))
    with tl.no_grad():
        return loss(model, numbers[None, :-1], numbers[None, 1:]).item()


if __name__ == "__main__":
    main()
