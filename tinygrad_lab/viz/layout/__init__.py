"""Where boxes and lines stand, as pure geometry: nothing here knows what a graph is."""
