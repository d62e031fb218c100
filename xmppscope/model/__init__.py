"""What every layer speaks: wire events, elements, timeline records, addresses, names and errors.

Nothing here has behaviour beyond construction and look-up, and nothing here imports another part of the package.
"""
