"""A chosen view, written down: SVG, DOT, text, PNG, and the page."""
