"""The local server of the viewer: keeps the timeline, and serves it to browsers on this machine that know the token."""
