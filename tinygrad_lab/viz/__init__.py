"""Pictures of computation graphs, on any machine: as SVG, text, DOT, PNG and an interactive page."""
