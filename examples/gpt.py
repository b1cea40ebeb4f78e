"""A small GPT learns to write like Python's documentation, character by character.

    python examples/gpt.py

The text is what `help()` shows in Python itself (`pydoc_data.topics`); its last tenth is held out.
"""

from pydoc_data.topics import topics

import numpy as np

import tinygrad_lab as tl
from tinygrad_lab import nn


class GPT(nn.Module):
    """A decoder: scores for the next character at every position of a text.

    Arguments:
        alphabet: how many characters there are.
        context: the largest number of positions.
        size: the size of the vectors.
        heads: the number of heads of each attention.
        layers: the number of layers.
        rng: where the first parameters come from.
    """

    def __init__(self, alphabet, context, size, heads, layers, rng, dtype=np.float32):
        self.embedding = nn.Embedding(alphabet, size, rng=rng, dtype=dtype)
        self.position = nn.LearnedEncoding(context, size, rng=rng, dtype=dtype)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                size, heads, 4 * size, 0.0, "gelu", batch_first=True, norm_first=True, rng=rng, dtype=dtype
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(size, dtype=dtype)
        self.output = nn.Linear(size, alphabet, rng=rng, dtype=dtype)

    def forward(self, characters):
        """Return scores of shape (batch, positions, alphabet); no position sees those behind it."""
        x = self.position(self.embedding(characters))
        for layer in self.layers:
            x = layer(x, is_causal=True)
        return self.output(self.norm(x))


def corpus():
    """Return the alphabet, and the text as numbers: what to train on, and what is held out."""
    text = "".join(character for name in sorted(topics) for character in topics[name] if character.isascii())
    alphabet, numbers = np.unique(np.array(list(text)), return_inverse=True)
    cut = len(numbers) * 9 // 10
    return alphabet, numbers[:cut], numbers[cut:]


def windows(text, length, count, rng):
    """Return `count` pieces of a sequence of numbers, and the same pieces one place further on."""
    start = rng.integers(0, len(text) - length, count)[:, None] + np.arange(length)
    return text[start], text[start + 1]


def loss(model, x, y):
    """Return the mean cross-entropy of the characters that follow, in nats."""
    return tl.functional.cross_entropy(model(x), y, axis=-1)


def write(model, alphabet, text, length, context, rng):
    """Return the text with `length` more characters, each drawn from what the model expects."""
    numbers = list(text)
    with tl.no_grad():
        for _ in range(length):
            scores = model(np.array([numbers[-context:]]))[0, -1].data
            numbers.append(rng.choice(len(alphabet), p=tl.functional.softmax(scores.astype(float) / 0.7)))
    return "".join(alphabet[numbers])


def main(steps=700, quiet=False):
    """Train, and return the mean loss in nats a character on the held-out text."""
    rng = np.random.default_rng(0)
    alphabet, text, held_out = corpus()
    context = 64
    model = GPT(len(alphabet), context, 96, 4, 3, rng)
    schedule = tl.optim.schedules.linear_warmup(tl.optim.schedules.cosine(3e-3, steps), max(1, steps // 20))
    optimizer = tl.optim.AdamW(model.parameters(), lr=schedule, betas=(0.9, 0.95), weight_decay=0.1)
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        value = loss(model, *windows(text, context, 24, rng))
        value.backward(retain_graph=False)
        tl.optim.clip_grad_norm(model.parameters(), 1.0)
        optimizer.step()
        if not quiet and step % 100 == 0:
            print(f"step {step}: {value.item():.3f} nats a character")
    if not quiet:
        print(write(model, alphabet, held_out[:32], 300, context, rng))
    with tl.no_grad():
        return float(np.mean([loss(model, *windows(held_out, context, 64, rng)).item() for _ in range(8)]))


if __name__ == "__main__":
    main()
