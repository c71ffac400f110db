"""The tree of errors. Each carries what happened and what to do, in Italian, for the person who will read it.

FattorinoError
├── InputError            something that came from outside cannot be used as it is
│   ├── XmlError          not XML, or XML that we do not accept (DOCTYPE, size, depth)
│   ├── FormatError       XML, but not the record format it claims to be (carries findings)
│   ├── EnvelopeError     p7m that cannot be opened or whose signature does not hold
│   └── ArchiveError      zip that cannot be opened safely
├── RefusedError          a rule says no (the state, a permission, a number already taken)
│   └── ConflictError     somebody else was quicker: edit against edit, button against button
├── SigningError          the company's key cannot sign (wrong password, expired, missing)
├── ChannelError          a channel did not take a file; `uncertain` tells whether it may have taken it
└── SetupError            the installation is not right (port, disk, data folder, settings)

A border (view, API, CLI, SOAP endpoint, job) translates these once; nothing else may reach a user.
"""

from __future__ import annotations

from typing import Any

from fattorino.core.texts import together


class FattorinoError(Exception):
    """Root of the tree.

    Args:
        message: what happened and why, in Italian, one or two sentences.
        hint: what the user can do about it, in Italian; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def text(self) -> str:
        """Message and hint, which a border may say in the reader's language (core/texts)."""
        return together(self.message, self.hint)

    def __str__(self) -> str:
        return str(self.text)


class InputError(FattorinoError):
    pass


class XmlError(InputError):
    def __init__(self, message: str, hint: str = "", line: int | None = None, code: str = "00200") -> None:
        super().__init__(message, hint)
        self.line = line
        self.code = code


class FormatError(InputError):
    """`findings` are `core.fatturapa.Finding` objects of severity "error"."""

    def __init__(self, message: str, findings: tuple[Any, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.findings = findings


class EnvelopeError(InputError):
    """`code` is SdI's code for the same fault (00102, 00103, 00106 ...)."""

    def __init__(self, message: str, hint: str = "", code: str = "00102") -> None:
        super().__init__(message, hint)
        self.code = code


class ArchiveError(InputError):
    def __init__(self, message: str, hint: str = "", code: str = "00106") -> None:
        super().__init__(message, hint)
        self.code = code


class RefusedError(FattorinoError):
    """`fields` maps a form field to its Italian message where the refusal belongs beside a field."""

    def __init__(self, message: str, hint: str = "", fields: dict[str, str] | None = None) -> None:
        super().__init__(message, hint)
        self.fields = fields or {}


class ConflictError(RefusedError):
    pass


class SigningError(FattorinoError):
    pass


class UnsignableError(SigningError):
    """This file cannot be signed as it is; the key is well."""


class SignerAwayError(SigningError):
    """Who signs is not to be reached just now: nothing is wrong with the key, and it is worth while to try later."""


class PinRefusedError(SigningError):
    """The key's PIN was refused: trying again could lock the key for good."""


class PinLockedError(PinRefusedError):
    """The PIN is locked or has expired, or nobody says that it is wrong: it may be the right one, and serve again once
    a person has seen to it."""


class ChannelError(FattorinoError):
    """`uncertain`: the file may have arrived, so it must not be sent again blindly.
    `permanent`: trying again without a change will fail again.
    `of_file`: it lies in this very file; others go the same way well.
    `no_room`: nothing is wrong, the way takes no more just now."""

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        uncertain: bool,
        permanent: bool = False,
        of_file: bool = False,
        no_room: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.uncertain = uncertain
        self.permanent = permanent
        self.of_file = of_file
        self.no_room = no_room


class SetupError(FattorinoError):
    pass
