"""Masks the secrets of an element by their parsed position, byte for byte, when its entry is made."""

from xmppscope.redact.names import SENSITIVE, is_misnamed_login
from xmppscope.redact.redactor import MASK, Redactor

__all__ = ["MASK", "SENSITIVE", "Redactor", "is_misnamed_login"]
