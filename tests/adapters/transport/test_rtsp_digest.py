"""Answers to challenges, by the examples of RFC 7616 and by the rules for what may leave."""

import pytest

from adapters.contract.errors import Misconfigured, Refused
from adapters.transport.credentials import Credentials
from adapters.transport.rtsp_digest import RtspSignIn

NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CLIENT_NONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def challenge(algorithm: str) -> str:
    return (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        f'nonce="{NONCE}", opaque="{OPAQUE}"'
    )


def signing_in(username: str = "Mufasa", encrypted: bool = False) -> RtspSignIn:
    return RtspSignIn(Credentials(username, "Circle of Life"), encrypted, lambda: CLIENT_NONCE)


@pytest.mark.parametrize(
    ("algorithms", "response"),
    [
        (["MD5"], "8ca523f5e9506fed4657c9700eebdbec"),
        (["SHA-256"], "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        (["MD5", "SHA-256"], "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digests_are_those_of_the_rfc_and_the_stronger_one_wins(algorithms: list[str], response: str) -> None:
    sign_in = signing_in()
    sign_in.take([challenge(algorithm) for algorithm in algorithms])
    answer = sign_in.authorization("GET", "/dir/index.html")
    assert answer is not None
    assert f'response="{response}"' in answer
    assert f'opaque="{OPAQUE}"' in answer
    assert "nc=00000001" in answer


def test_each_further_request_is_counted() -> None:
    sign_in = signing_in()
    sign_in.take([challenge("MD5")])
    answers = [sign_in.authorization("PLAY", "rtsp://nvr/1") for _ in range(2)]
    assert ["nc=00000001" in str(answers[0]), "nc=00000002" in str(answers[1])] == [True, True]


def test_quotes_and_backslashes_in_a_user_are_escaped() -> None:
    sign_in = signing_in('a"b\\c')
    sign_in.take(['Digest realm="r", nonce="n"'])
    assert 'username="a\\"b\\\\c"' in str(sign_in.authorization("DESCRIBE", "rtsp://nvr/1"))


def test_nothing_is_sent_before_it_is_asked_for() -> None:
    assert signing_in().authorization("DESCRIBE", "rtsp://nvr/1") is None


def test_a_password_goes_in_the_clear_only_inside_tls() -> None:
    with pytest.raises(Misconfigured, match="rtsps"):
        signing_in().take(['Basic realm="nvr"'])
    encrypted = signing_in(encrypted=True)
    encrypted.take(['Basic realm="nvr"'])
    assert encrypted.authorization("DESCRIBE", "rtsps://nvr/1") == "Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl"


def test_a_digest_is_preferred_to_basic() -> None:
    encrypted = signing_in(encrypted=True)
    encrypted.take(['Basic realm="nvr"', 'Digest realm="r", nonce="n"'])
    assert str(encrypted.authorization("DESCRIBE", "rtsps://nvr/1")).startswith("Digest ")


@pytest.mark.parametrize("offered", ["Negotiate", 'Digest realm="r", nonce="n", algorithm=SHA-512-256'])
def test_a_challenge_that_cannot_be_answered_is_refused(offered: str) -> None:
    with pytest.raises(Refused):
        signing_in().take([offered])


def test_no_password_is_in_a_repr() -> None:
    sign_in = signing_in()
    sign_in.take([challenge("MD5")])
    assert "Circle" not in repr(sign_in)
