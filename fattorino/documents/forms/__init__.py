"""What people type, and the draft it means."""

from fattorino.documents.forms.document import DocumentForm

__all__ = ["DocumentForm"]
