"""Diagnoses: why a session ended badly, in a sentence, with the entries that show it and what to try."""

from xmppscope.diagnosis.observer import Diagnoses

__all__ = ["Diagnoses"]
