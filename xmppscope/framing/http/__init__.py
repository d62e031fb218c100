"""HTTP as a bystander sees it: both directions of a connection in, heads and whole bodies out (RFC 9112, RFC 9113)."""
