"""What the elements mean for the connection: negotiation, roles, and which answer belongs to which request."""
