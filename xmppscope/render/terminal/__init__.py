"""The timeline as text for a terminal: one entry, one line, in the columns and words of the face."""
