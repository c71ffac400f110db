"""A Sistema di Interscambio of one's own: the official web services on loopback, the same checks as the product.

It judges with `fattorino.core` alone, keeps its books in one SQLite file, and answers with messages that are valid
under the official schemas and signed the way SdI signs. Its certification authority is a demo: nothing that comes
from here has any legal value.
"""
