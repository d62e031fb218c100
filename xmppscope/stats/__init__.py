"""Figures about connections, and about all that was said on them."""
