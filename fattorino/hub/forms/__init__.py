"""The forms of the Hub's pages."""
