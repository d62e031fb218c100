"""Captures: the bytes of a pcap or pcapng file in, TCP segments out.

`reader.CaptureReader` joins the parts: `pcap` and `pcapng` find the frames, `link` and `ip` read their headers,
`fragments` puts IP fragments together, `scapy_fallback` takes apart what is unusual, and `dissector` leads a frame
through them.
"""
