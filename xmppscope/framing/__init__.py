"""From cleartext bytes of one direction to first-level elements, exact to the byte."""
