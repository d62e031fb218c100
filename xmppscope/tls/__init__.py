"""From the bytes of a TLS connection to plaintext and facts: records, handshake, keys, certificates."""
