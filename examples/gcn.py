"""A graph convolutional network reads digits of which it knows ten each; the rest it learns from who is like whom.

    python examples/gcn.py

The nodes are 1,797 images, the edges lead to the ten most alike. What flows along an edge is weighed by the degrees of
its ends and added up at its target, by `segment_sum`.
Source: T. Kipf, M. Welling, "Semi-supervised classification with graph convolutional networks", 2017.
"""

import numpy as np
from scipy.spatial import KDTree

import tinygrad_lab as tl
from tinygrad_lab import nn
from tinygrad_lab.functional import segment_sum


class Graph:
    """Directed edges, and what each weighs: 1 / √(degree of source · degree of target)."""

    def __init__(self, points, neighbours):
        n = len(points)
        _, nearest = KDTree(points).query(points, neighbours + 1)  # each is its own nearest
        pairs = np.stack([np.repeat(np.arange(n), neighbours + 1), nearest.ravel()])
        self.source, self.target = np.unique(np.concatenate([pairs, pairs[::-1]], axis=1), axis=1)
        degree = np.bincount(self.target, minlength=n)
        self.weight = 1 / np.sqrt(degree[self.source] * degree[self.target])[:, None]

    def spread(self, x):
        """Return, for every node, the weighted sum of its neighbours' rows of x."""
        return segment_sum(x[self.source] * self.weight, self.target, len(x))


class GCN(nn.Module):
    """Two layers: mix the features, spread them along the edges."""

    def __init__(self, features, hidden, classes, rng):
        self.mix = nn.Linear(features, hidden, rng=rng)
        self.drop = nn.Dropout(0.5, rng=rng)
        self.score = nn.Linear(hidden, classes, rng=rng)

    def forward(self, x, graph):
        """Return the scores of every node."""
        x = tl.functional.relu(graph.spread(self.mix(x)))
        return graph.spread(self.score(self.drop(x)))


def loss(model, x, graph, y, known):
    """Return the mean cross-entropy over the nodes whose class is known."""
    return tl.functional.cross_entropy(model(x, graph)[known], y[known])


def main(steps=200, quiet=False):
    """Train, and return the share of right answers among the nodes whose class was not given."""
    rng = np.random.default_rng(0)
    x, y = tl.data.digits()
    x = x.reshape(len(x), -1)
    graph = Graph(x, neighbours=10)
    known = np.concatenate([rng.choice(np.flatnonzero(y == digit), 10, replace=False) for digit in range(10)])
    unknown = np.setdiff1d(np.arange(len(x)), known)
    model = GCN(64, 32, 10, rng)
    optimizer = tl.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.05)

    def accuracy():
        with tl.no_grad():
            found = np.argmax(model.eval()(x, graph).data, axis=1)
        model.train()
        return float(np.mean(found[unknown] == y[unknown]))

    for step in range(1, steps + 1):
        optimizer.zero_grad()
        value = loss(model, x, graph, y, known)
        value.backward()
        optimizer.step()
        if not quiet and step % 50 == 0:
            print(f"step {step}: loss {value.item():.3f}, {accuracy():.2%} of the others right")
    return accuracy()


if __name__ == "__main__":
    main()
