"""The errors that are ours or the user's: each carries one line that says what to do.

What a peer did wrong is a finding and what the capture lacks is an entry; neither is an exception.
"""


class XmppscopeError(Exception):
    """The input or the arguments cannot be used; the command line prints the message and exits with status 2."""


class CaptureError(XmppscopeError):
    """A file is no capture, or cannot be read at all."""


class KeyFileError(XmppscopeError):
    """A key log or a private key cannot be used."""
