"""The texts: what elements, conditions, phases and TLS facts mean, in words."""
