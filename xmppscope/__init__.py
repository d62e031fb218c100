"""xmppscope shows what XMPP clients, servers and gateways really say to each other."""

__version__ = "0.1.0"
