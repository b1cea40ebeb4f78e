"""A graph as plain data: how it was made, what it holds, what is wrong with it, and the steps of its sweep."""
