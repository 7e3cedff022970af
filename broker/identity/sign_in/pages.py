"""The pages that a browser without scripts signs in with: plain HTML, one template, everything escaped."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from broker.identity.views import SessionView

_TEMPLATES: Final = Environment(
    loader=PackageLoader("broker.identity.sign_in"),
    autoescape=select_autoescape(("html", "html.j2")),
    undefined=StrictUndefined,
)


def sign_in_page(
    providers: Mapping[str, str],
    session: SessionView | None,
    issuers: tuple[str, ...],
    problem: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    """`issuers` are where signing out may lead to."""
    page = _TEMPLATES.get_template("sign_in.html.j2")
    text = page.render(providers=providers, session=session, problem=problem)
    targets = " ".join(["'self'", *(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in issuers)])
    policy = f"default-src 'none'; base-uri 'none'; form-action {targets}; frame-ancestors 'none'"
    return HTMLResponse(text, status, {"Content-Security-Policy": policy})


def password_page(problem: str | None = None, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_TEMPLATES.get_template("password.html.j2").render(problem=problem), status)
