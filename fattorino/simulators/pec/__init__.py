"""A PEC provider on loopback: submission and mailboxes over TLS, signed receipts, SdI behind its addresses."""
