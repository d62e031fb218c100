"""The debugging proxy: interposes on XMPP connections and tells what passes."""
