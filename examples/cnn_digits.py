"""A convolutional network reads handwritten digits: 8 × 8 pixels, 1,797 of them, a quarter held out.

    python examples/cnn_digits.py

The training images are shifted, turned and sheared a little at each step, so that no digit is seen twice the same; the
network that is judged is the running average of the trained one's parameters.
"""

import numpy as np
from scipy.ndimage import affine_transform

import tinygrad_lab as tl
from tinygrad_lab import nn


def network(rng, width=32, dtype=np.float32):
    """Return the network: three convolutions, one pooling, two linear layers."""
    return nn.Sequential(
        nn.Conv2D(1, width, 3, padding=1, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.Conv2D(width, width, 3, padding=1, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.MaxPool2D(2),
        nn.Conv2D(width, 2 * width, 3, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(0.3, rng=rng),
        nn.Linear(8 * width, 64, rng=rng, dtype=dtype),
        nn.ReLU(),
        nn.Linear(64, 10, rng=rng, dtype=dtype),
    )


def split(rng):
    """Return the images and labels to train on, and those held out."""
    x, y = tl.data.digits()
    order = rng.permutation(len(x))
    x, y = x[order, None].astype(np.float32), y[order]
    return x[450:], y[450:], x[:450], y[:450]


def moved(images, rng):
    """Return the images, each changed by an affine map close to the identity."""
    centre = np.array([3.5, 3.5])
    result = np.empty_like(images)
    for image, target in zip(images[:, 0], result[:, 0], strict=True):
        matrix = np.eye(2) + rng.normal(scale=0.07, size=(2, 2))
        offset = centre - matrix @ centre + rng.normal(scale=0.35, size=2)
        affine_transform(image, matrix, offset, output=target, order=1)
    return result


def loss(model, x, y):
    """Return the mean cross-entropy of the model's scores."""
    return tl.functional.cross_entropy(model(x), y)


def main(steps=1500, quiet=False):
    """Train, and return the share of held-out digits that are read right."""
    rng = np.random.default_rng(0)
    x, y, held_out_x, held_out_y = split(rng)
    model = network(rng)
    optimizer = tl.optim.AdamW(model.parameters(), lr=tl.optim.schedules.one_cycle(4e-3, steps), weight_decay=0.01)
    average = tl.optim.ParameterAverage(model.parameters(), decay=0.99)

    def accuracy():
        with tl.no_grad(), average.applied():
            model.eval()
            found = np.argmax(model(held_out_x).data, axis=1)
            model.train()
        return float(np.mean(found == held_out_y))

    step = 0
    while step < steps:
        for batch, labels in tl.data.DataLoader(x, y, batch_size=64, shuffle=True, drop_last=True, rng=rng):
            optimizer.zero_grad()
            value = loss(model, moved(batch, rng), labels)
            value.backward()
            optimizer.step()
            average.update()
            step += 1
            if not quiet and step % 250 == 0:
                print(f"step {step}: loss {value.item():.3f}, {accuracy():.2%} of the held-out digits right")
            if step == steps:
                break
    return accuracy()


if __name__ == "__main__":
    main()
