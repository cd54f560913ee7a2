"""A run that is watched: where a person looks, how, and what has become of it."""
