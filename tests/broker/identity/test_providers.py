"""An ID token is believed only where everything about it is right; keys change while the broker runs."""

import hashlib
import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, OctKey

from broker.errors import Problem
from broker.identity.providers import Provider
from tests.broker.identity.provider_keys import BEGUN, ISSUER, FakeProvider, rsa, unsigned

KEY, OTHER = rsa("one"), rsa("two")


@pytest.fixture
def there() -> FakeProvider:
    return FakeProvider([KEY])


@pytest.fixture
def provider(there: FakeProvider) -> Provider:
    return there.client()


async def told(provider: Provider, token: str) -> str:
    """Who the token is about, or why it is refused."""
    try:
        return str((await provider.check(token, "n-1"))["sub"])
    except Problem as problem:
        return problem.code


async def test_a_good_token_says_who_signed_in(there: FakeProvider, provider: Provider) -> None:
    assert await told(provider, there.signed(KEY)) == "u-1"
    assert await told(provider, there.signed(KEY, "PS256")) == "u-1"
    assert await told(provider, there.signed(KEY, aud=["entrevue"])) == "u-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.test"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": []},
        {"aud": None},
        {"aud": ["another", "third"]},
        {"aud": ["entrevue", "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "n-2"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
    ],
    ids=str,
)
async def test_a_claim_that_is_wrong_or_missing_is_refused(
    there: FakeProvider, provider: Provider, changed: dict[str, Any]
) -> None:
    assert await told(provider, there.signed(KEY, **changed)) == "sign_in_refused"


@pytest.mark.parametrize(
    ("claim", "late_s", "believed"),
    [
        ("exp", -59, True),
        ("exp", -62, False),
        ("nbf", 59, True),
        ("nbf", 62, False),
        ("iat", 59, True),
        ("iat", 62, False),
    ],
)
async def test_clocks_may_differ_by_a_minute(
    there: FakeProvider, provider: Provider, claim: str, late_s: int, believed: bool
) -> None:
    at = int(there.clock.now().timestamp()) + late_s
    expected = "u-1" if believed else "sign_in_refused"
    assert await told(provider, there.signed(KEY, **{claim: at})) == expected


async def test_unsigned_and_shared_secrets_are_refused_whatever_the_header_says(
    there: FakeProvider, provider: Provider
) -> None:
    claims = there.claims()
    public = KEY.as_pem(private=False)
    header_and_body = unsigned(claims, "HS256").rsplit(".", 1)[0]
    confused = unsigned(claims, "HS256", hmac.new(public, header_and_body.encode(), hashlib.sha256).digest())
    shared = OctKey.generate_key(256, {"kid": "shared"})
    there.keys.append(shared)
    tokens = [
        unsigned(claims),
        unsigned(claims, "None"),
        unsigned(claims, "RS256"),
        confused,
        there.signed(shared, "HS256"),
        there.signed(OTHER, kid="one"),
        there.signed(KEY)[:-6] + "AAAAAA",
        "",
        "a.b.c",
        "x" * 100_000,
    ]
    assert [await told(provider, token) for token in tokens] == ["sign_in_refused"] * len(tokens)


async def test_a_key_for_one_algorithm_serves_no_other(there: FakeProvider, provider: Provider) -> None:
    curve = ECKey.generate_key("P-256", {"kid": "curve"})
    there.keys = [curve]
    assert await told(provider, there.signed(curve, "ES256")) == "u-1"
    assert await told(provider, there.signed(KEY, kid="curve")) == "sign_in_refused"


async def test_a_key_that_came_meanwhile_is_read_once_and_unknown_ones_ask_seldom(
    there: FakeProvider, provider: Provider
) -> None:
    assert await told(provider, there.signed(KEY)) == "u-1"
    there.keys = [OTHER]
    assert await told(provider, there.signed(OTHER)) == "u-1"
    assert await told(provider, there.signed(KEY)) == "sign_in_refused"
    for n in range(20):
        assert await told(provider, there.signed(KEY, kid=f"made-up-{n}")) == "sign_in_refused"
    assert there.asked.count("/jwks") == 2
    there.clock.advance(seconds=30)
    assert await told(provider, there.signed(KEY, kid="made-up")) == "sign_in_refused"
    assert there.asked.count("/jwks") == 3


async def test_a_key_that_was_withdrawn_is_believed_for_an_hour_at_most(
    there: FakeProvider, provider: Provider
) -> None:
    assert await told(provider, there.signed(KEY)) == "u-1"
    there.keys = [OTHER]
    there.clock.advance(hours=1)
    assert await told(provider, there.signed(KEY)) == "sign_in_refused"


async def test_the_browser_is_sent_with_a_challenge_and_no_secret(provider: Provider) -> None:
    address = urlsplit(await provider.authorization_url(BEGUN))
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{ISSUER}/auth"
    assert (query["state"], query["nonce"], query["code_challenge_method"]) == ("s", "n-1", "S256")
    assert query["scope"].split()[0] == "openid"
    assert BEGUN.verifier not in address.query


async def test_the_code_is_exchanged_with_the_verifier_and_the_clients_own_secret(
    there: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINISTRY_SECRET", "s3:cret %")
    there.token = lambda: there.signed(KEY)
    claims = await there.client(client_secret={"env": "MINISTRY_SECRET"}).claims("c-1", BEGUN)
    assert claims["sub"] == "u-1"
    (request,) = there.forms
    form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
    assert (form["code"], form["code_verifier"]) == ("c-1", BEGUN.verifier)
    assert "cret" not in request.content.decode()
    assert request.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("token", [None, 7, {}, ["x"]])
async def test_an_answer_without_a_token_is_refused(there: FakeProvider, token: object) -> None:
    there.token = lambda: token
    with pytest.raises(Problem) as refused:
        await there.client().claims("c-1", BEGUN)
    assert refused.value.code == "sign_in_refused"


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "address",
    [
        "http://login.test/x",
        "file:///etc/passwd",
        "https://user@login.test/",
        "//login.test",
        "",
        7,
        "http://169.254.169.254/",
    ],
)
async def test_an_address_that_is_not_https_is_not_called(
    there: FakeProvider, name: str, address: object
) -> None:
    there.metadata[name] = address
    there.token = lambda: there.signed(KEY)
    provider = there.client()
    with pytest.raises(Problem) as refused:
        await provider.authorization_url(BEGUN)
        await provider.claims("c-1", BEGUN)
    assert refused.value.code == "provider_unavailable"


async def test_a_provider_that_calls_itself_otherwise_is_not_used(
    there: FakeProvider, provider: Provider
) -> None:
    there.metadata["issuer"] = "https://other.test"
    with pytest.raises(Problem) as refused:
        await provider.authorization_url(BEGUN)
    assert refused.value.code == "provider_unavailable"


async def test_signing_out_there_is_offered_where_the_provider_has_it(there: FakeProvider) -> None:
    assert await there.client().end_url("http://127.0.0.1:8080/auth/signin") is None
    there.metadata["end_session_endpoint"] = f"{ISSUER}/end?x=1"
    address = await there.client().end_url("http://127.0.0.1:8080/auth/signin")
    assert address is not None
    assert address.startswith(f"{ISSUER}/end?x=1&client_id=entrevue&post_logout_redirect_uri=http%3A")


async def test_what_was_read_an_hour_ago_is_read_again(there: FakeProvider, provider: Provider) -> None:
    for _ in range(3):
        await provider.authorization_url(BEGUN)
    assert there.asked.count("/.well-known/openid-configuration") == 1
    there.clock.advance(seconds=timedelta(hours=1).total_seconds())
    await provider.authorization_url(BEGUN)
    assert there.asked.count("/.well-known/openid-configuration") == 2
