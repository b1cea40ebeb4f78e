"""The five lab reports that the project started from: what they published, measured again."""
