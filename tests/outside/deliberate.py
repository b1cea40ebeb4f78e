"""Differences that are meant: expressions for a kind, a function and a text, and the reason."""

import re

DELIBERATE = (
    (
        "refused|class of error",
        ".*",
        "GradientLostError",
        "a Value that requires a gradient does not become a plain array",
    ),
    ("refused|class of error", ".*", "out= cannot take", "Values are never written in place"),
    ("refused", "ravel|reshape|.*flatten", "order must be", "orders A and K ask for a layout in memory"),
    ("refused", "qr", "mode must be", "mode 'raw', and the old names of 'reduced'"),
    ("refused", "pad", "mode must be", "mode 'empty' and functions as modes write into arrays"),
    ("refused", "cross", "3 components", "NumPy is about to drop vectors in the plane"),
    ("refused", ".*", "returned dtype", "texts and times have no derivative"),
    (
        "gradient",
        r"(linalg\.)?(cholesky|eigh|eigvalsh|pinv)",
        ".*",
        "NumPy reads one triangle, the gradient is the matrix's",
    ),
    ("gradient", "eig|eigh|svd|qr", ".*", "vectors are determined up to a phase, and of repeated values not at all"),
    ("gradient", r"linalg\.svd", ".*", "PyTorch gives the further columns of full matrices no gradient"),
    ("gradient", r"nn\.functional\.ctc_loss", ".*", "PyTorch's is the gradient of scores, as if a softmax came before"),
    ("second derivative", "special.i1e|.*norm", "nan", "there is none, and PyTorch gives 0"),
    (".*", "cov", "float32", "rounding of float32, in which the weights are given"),
    ("gradient", "real_if_close", ".*", "differences leave what counts as close"),
    ("value", "empty.*", ".*", "nobody says what is in it"),
    ("value|shape", "unique_values", ".*", "NumPy promises no order"),
)


def reason(row):
    """Return why a difference is meant, or None."""
    for kind, name, text, why in DELIBERATE:
        if re.fullmatch(kind, row["kind"]) and re.fullmatch(name, row["name"]) and re.search(text, row["mine"]):
            return why
    return None
