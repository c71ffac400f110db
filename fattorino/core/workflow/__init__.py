"""States, the decision about them, and the standard set."""
