"""The engine: the registry of operations, the graph, the reverse sweep, `Value` and the transforms."""
