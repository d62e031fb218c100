"""Where bytes go: STARTTLS and compression refused, restarts, closing tags, ends."""


def test_login_without_tls(play) -> None:
    timeline = play(
        """
        C: {header}
        S: {response}{features}
        C: {auth}
        S: {success}
        C: {header}
        S: {response}{features}
        C: {bind}
        S: {bound}
        C: <presence/>
        C: {close}
        S: {close}
        C fin
        S fin
        """
    )
    assert timeline.told == [
        "C stream-open, header-sent",
        "S stream-open, header-both",
        "S features, negotiating",
        "C auth, sasl",
        "S success, connected",
        "C stream-open, header-sent",
        "S stream-open, header-both",
        "S features, negotiating",
        "C iq, negotiating",
        "S iq, open",
        "C presence, open",
        "C stream-close, half-closed",
        "S stream-close, closed",
        "C closed, closed",
        "S closed, closed",
    ]
    assert timeline.rows("stream") == [(n,) for n in (1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2)]
