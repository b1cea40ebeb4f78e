"""A table of pandas goes in, a column comes out: which of three growers made a wine?

    python examples/pandas_inputs.py

Thirteen measurements of 178 wines, from scikit-learn. The table is scaled and split by pandas and given to the model as
it is; which measurements matter is the gradient by the table, a table again.
"""

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

import tinygrad_lab as tl
from tinygrad_lab import nn


def wines(rng):
    """Return the tables and growers to train on, and those held out."""
    table, grower = load_wine(return_X_y=True, as_frame=True)
    chosen = pd.Series(rng.permutation(len(table)) < 120, index=table.index)
    table = (table - table[chosen].mean()) / table[chosen].std()
    return table[chosen], grower[chosen], table[~chosen], grower[~chosen]


def network(rng):
    """Return the network: a table's 13 columns to the scores of 3 growers."""
    return nn.Sequential(nn.Linear(13, 16, rng=rng), nn.Tanh(), nn.Linear(16, 3, rng=rng))


def loss(model, x, grower):
    """Return the mean cross-entropy of the model's scores."""
    return tl.functional.cross_entropy(model(x), grower)


def predict(model, table):
    """Return the most likely grower of each row, by the table's own index."""
    with tl.no_grad():
        return pd.Series(np.argmax(model(table).data, axis=1), index=table.index, name="predicted")


def influence(model, table, grower):
    """Return how much the loss changes with each column, the largest first."""
    with tl.no_grad():
        slope = tl.grad(lambda x: loss(model, x, grower))(table)
    return pd.DataFrame(slope, table.index, table.columns).abs().mean().sort_values(ascending=False)


def main(steps=200, quiet=False):
    """Train, and return the share of held-out wines whose grower is named right."""
    rng = np.random.default_rng(0)
    table, grower, held_out, true = wines(rng)
    model = network(rng)
    optimizer = tl.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        value = loss(model, table, grower)
        value.backward()
        optimizer.step()
        if not quiet and step % 50 == 0:
            print(f"step {step}: loss {value.item():.3f}")
    found = predict(model, held_out)
    if not quiet:
        print(pd.crosstab(true.rename("grower"), found))
        print("what matters most:", ", ".join(influence(model, table, grower).index[:3]))
    return float((found == true).mean())


if __name__ == "__main__":
    main()
