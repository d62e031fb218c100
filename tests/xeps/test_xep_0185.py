"""The key of dialback, with the examples of the specifications."""

import pytest

from xmppscope.xeps.xep_0185 import dialback_key

# secret, receiving server, originating server, stream id, key
EXAMPLES = [
    (  # XEP-0185 §2
        "s3cr3tf0rd14lb4ck",
        "xmpp.example.com",
        "example.org",
        "D60000229F",
        "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643",
    ),
    (  # XEP-0220 §2.1.1
        "s3cr3tf0rd14lb4ck",
        "montague.example",
        "capulet.example",
        "D60000229F",
        "b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3",
    ),
    (  # XEP-0220 §2.2.2
        "d14lb4ck43v3r",
        "capulet.example",
        "montague.example",
        "417GAF25",
        "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d",
    ),
]


@pytest.mark.parametrize(("secret", "receiving", "originating", "stream_id", "key"), EXAMPLES)
def test_the_examples(secret: str, receiving: str, originating: str, stream_id: str, key: str) -> None:
    assert dialback_key(secret, receiving, originating, stream_id) == key
