"""Renderers: they consume the timeline's records and compute nothing that the records don't say."""
