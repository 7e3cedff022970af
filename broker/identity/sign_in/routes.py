"""`/auth`: signing in and out by a browser, with a password or an identity provider. Everything works without scripts.

A browser that takes HTML gets a page also for what is refused; everybody else a problem, with the same status.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from pydantic import ConfigDict, Field
from starlette.responses import RedirectResponse, Response

from broker.agencies.models import Caller
from broker.errors import Problem
from broker.http.browser import (
    CSRF_HEADER,
    SESSION_COOKIE,
    SIGN_IN_COOKIE,
    check_csrf,
    check_origin,
    csrf_word,
    drop_cookie,
    put_cookie,
    read_cookie,
    session_secret,
)
from broker.http.calls import Body
from broker.http.health import OPEN
from broker.http.problem_details import problem_response
from broker.http.services import CurrentServices, Services
from broker.identity import examples
from broker.identity.models import StartedSession
from broker.identity.provider_sign_ins import SIGN_IN_LASTS
from broker.identity.sign_in.pages import password_page, sign_in_page
from broker.identity.views import SessionView

router = APIRouter(prefix="/auth", tags=["sign-in"])

PAGE: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "A page", "content": {"text/html": {}}}}
GOES_ON: Final[dict[int | str, dict[str, Any]]] = {303: {"description": "Where the browser goes on"}}
HOME: Final = "/auth/signin"

ProviderId = Annotated[str, Field(max_length=64, examples=["ministry"])]


class SignInForm(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "c.moreau", "password": "a sentence of one's own"}]}
    )

    username: Annotated[str, Field(min_length=1, max_length=200)]
    password: Annotated[str, Field(min_length=1, max_length=4096, repr=False)]


class PasswordForm(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "enc_from-the-administrator", "password": "a new sentence"}]}
    )

    code: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    password: Annotated[str, Field(min_length=1, max_length=4096, repr=False)]


class SignOutForm(Body):
    """`csrf` stands for the header, which a form cannot send."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"csrf": examples.SESSION["csrf"]}]})

    csrf: Annotated[str, Field(max_length=200)] | None = None


@router.get(
    "/signin", summary="The page to sign in", response_class=Response, responses=PAGE, openapi_extra=OPEN
)
async def show_sign_in(request: Request, services: CurrentServices) -> Response:
    session = None
    secret = session_secret(request.headers)
    if secret is not None:
        try:
            session = _view(await services.authority.authenticate(secret, None, None), secret)
        except Problem as problem:
            if problem.code != "session_invalid":
                raise
    return sign_in_page(services.identity.provider_sign_ins.names, session, _issuers(services))


@router.post(
    "/signin",
    summary="Sign in with a password",
    status_code=303,
    response_class=Response,
    responses=GOES_ON,
    openapi_extra=OPEN,
)
async def sign_in(
    request: Request, form: Annotated[SignInForm, Form()], services: CurrentServices
) -> Response:
    """Begins a session: its cookie goes with the answer. A session that the browser had ends."""
    try:
        check_origin(request.headers, services.settings.broker.public_url)
        await services.quotas.take_sign_in(_address(request))
        started = await services.identity.accounts.sign_in(
            form.username, form.password, _address(request), session_secret(request.headers)
        )
    except Problem as problem:
        if not _takes_pages(request):
            raise
        page = sign_in_page(
            services.identity.provider_sign_ins.names,
            None,
            _issuers(services),
            problem.detail,
            problem.kind.status,
        )
        return _with_headers_of(page, problem)
    return _begun(services, started)


@router.get(
    "/signin/{provider}",
    summary="Sign in with an identity provider",
    status_code=303,
    response_class=Response,
    responses=GOES_ON,
    openapi_extra=OPEN,
)
async def go_to_provider(provider: ProviderId, request: Request, services: CurrentServices) -> Response:
    await services.quotas.take_sign_in(_address(request))
    url, cookie = await services.identity.provider_sign_ins.begin(provider)
    response = RedirectResponse(url, 303)
    put_cookie(response, SIGN_IN_COOKIE, cookie, int(SIGN_IN_LASTS.total_seconds()))
    return response


@router.get(
    "/callback/{provider}",
    summary="Come back from an identity provider",
    status_code=303,
    response_class=Response,
    responses=GOES_ON,
    openapi_extra=OPEN,
)
async def come_back(
    provider: ProviderId,
    request: Request,
    services: CurrentServices,
    state: Annotated[str, Query(max_length=200, examples=["as it was sent"])] = "",
    code: Annotated[str, Query(max_length=4096, examples=["of the provider"])] = "",
    iss: Annotated[str | None, Query(max_length=2000, examples=["https://login.ministry.example"])] = None,
) -> Response:
    """Begins a session where the provider names somebody who is designated here."""
    try:
        await services.quotas.take_sign_in(_address(request))
        started = await services.identity.provider_sign_ins.finish(
            provider,
            read_cookie(request.headers, SIGN_IN_COOKIE),
            state,
            code,
            iss,
            session_secret(request.headers),
        )
    except Problem as problem:
        response: Response = problem_response(problem)
        if _takes_pages(request):
            response = sign_in_page(
                services.identity.provider_sign_ins.names,
                None,
                _issuers(services),
                problem.detail,
                problem.kind.status,
            )
            _with_headers_of(response, problem)
        drop_cookie(response, SIGN_IN_COOKIE)
        return response
    response = _begun(services, started)
    drop_cookie(response, SIGN_IN_COOKIE)
    return response


@router.post(
    "/signout",
    summary="Sign out",
    status_code=303,
    response_class=Response,
    responses=GOES_ON,
    openapi_extra=OPEN,
)
async def sign_out(
    request: Request, form: Annotated[SignOutForm, Form()], services: CurrentServices
) -> Response:
    """Ends the session, here and where it was begun at an identity provider also there."""
    secret = _secret(request)
    caller = await services.authority.authenticate(secret, None, None)
    word = request.headers.get(CSRF_HEADER) or form.csrf
    check_csrf(request.headers, services.settings.broker.public_url, secret, word)
    session = await services.identity.sessions.end_own(caller, secret)
    target = None
    if session is not None and session.provider in services.identity.provider_sign_ins.names:
        target = await _end_there(services, session.provider)
    response = RedirectResponse(target or HOME, 303)
    drop_cookie(response, SESSION_COOKIE)
    return response


async def _end_there(services: Services, provider: str) -> str | None:
    """Where signing out goes on; one that is out of reach keeps nobody signed in here."""
    try:
        return await services.identity.provider_sign_ins.provider(provider).end_url(
            services.settings.broker.public_url + HOME
        )
    except Problem:
        return None


@router.get("/session", response_model=SessionView, summary="The browser's session", openapi_extra=OPEN)
async def show_session(request: Request, services: CurrentServices) -> SessionView:
    """Who is signed in by the cookie, with the word that calls which change something carry."""
    secret = _secret(request)
    return _view(await services.authority.authenticate(secret, None, None), secret)


@router.get(
    "/password",
    summary="The page to set a password",
    response_class=Response,
    responses=PAGE,
    openapi_extra=OPEN,
)
async def show_password() -> Response:
    return password_page()


@router.post(
    "/password",
    summary="Set a password with a code",
    status_code=303,
    response_class=Response,
    responses=GOES_ON,
    openapi_extra=OPEN,
)
async def set_password(
    request: Request, form: Annotated[PasswordForm, Form()], services: CurrentServices
) -> Response:
    """The code is used up by it; every session of the account ends."""
    try:
        check_origin(request.headers, services.settings.broker.public_url)
        await services.quotas.take_sign_in(_address(request))
        await services.identity.accounts.set_password(form.code, form.password, _address(request))
    except Problem as problem:
        if not _takes_pages(request):
            raise
        return _with_headers_of(password_page(problem.detail, problem.kind.status), problem)
    return RedirectResponse(HOME, 303)


def _secret(request: Request) -> str:
    secret = session_secret(request.headers)
    if secret is None:
        raise Problem("session_invalid", "no session's cookie was sent: sign in")
    return secret


def _begun(services: Services, started: StartedSession) -> Response:
    response = RedirectResponse(HOME, 303)
    left = started.expires_at - services.clock.now()
    put_cookie(response, SESSION_COOKIE, started.cookie, int(left.total_seconds()))
    return response


def _view(caller: Caller, secret: str) -> SessionView:
    officer = caller.officer
    return SessionView(
        officer_id=officer.id,
        agency=officer.agency,
        name=officer.name,
        roles=sorted(role.value for role in officer.roles),
        designated=caller.designated,
        purpose=caller.purpose,
        case_ref=caller.case_ref,
        expires_at=caller.expires_at,
        csrf=csrf_word(secret),
    )


def _issuers(services: Services) -> tuple[str, ...]:
    return tuple(provider.issuer for provider in services.settings.identity_provider)


def _address(request: Request) -> str:
    return "unknown" if request.client is None else request.client.host


def _takes_pages(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _with_headers_of(page: Response, problem: Problem) -> Response:
    """The page with what the problem's own answer says beside its body."""
    if problem.retry_after_s is not None:
        page.headers["Retry-After"] = str(problem.retry_after_s)
    return page
