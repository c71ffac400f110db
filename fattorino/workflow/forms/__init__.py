"""What the settings pages send, read and judged."""
