"""Refusals: each says in one line what is wrong, with the value, and what to do. Those that raise pick one here."""

from tinygrad_lab.refusals import arguments, arrays, declaring, graph, names, rules, transforms

__all__ = ["arguments", "arrays", "declaring", "graph", "names", "rules", "transforms"]
