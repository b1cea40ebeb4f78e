"""What to show of a graph: folding what repeats, boxes and frames within a limit, and their labels."""
