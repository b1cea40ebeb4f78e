"""The five lab reports that the project started from, with the figures they published and those measured again."""
