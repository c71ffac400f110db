"""Posta elettronica certificata: what its messages are and prove (RFC 6109, the English text of DM 2/11/2005).

Pure: bytes in, values out. Mailboxes belong to the rooms that have them.
"""
