"""Segments in, bytes or gaps out: TCP reassembly as an observer must do it (RFC 9293).

Its one entrance is `xmppscope.transport.reassembly.Reassembler`.
"""
