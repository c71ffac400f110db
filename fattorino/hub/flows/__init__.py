"""The verbs of the Hub, one module for each part of the way: acquire, transmit, receive, keys."""
