"""How dialback keys are recommended to be made (XEP-0185): what links a key to its stream and its two domains.

Without the secret of the originating server nobody can tell whether a key fits. So nothing in the timeline rests on
this; it is here for whoever has the secret of a server of their own.
"""

import hashlib
import hmac


def dialback_key(secret: str, receiving: str, originating: str, stream_id: str) -> str:
    """Return the key for a stream from *originating* to *receiving* whose response header has that id."""
    # §3: "key = HMAC-SHA256( SHA256(Secret), { Receiving Server, ' ', Originating Server, ' ', Stream ID } )"
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    return hmac.new(hashed.encode(), f"{receiving} {originating} {stream_id}".encode(), hashlib.sha256).hexdigest()
