"""Requests stay on the configured host, and only with whom its certificate proves to be it."""

from adapters.conformance.bench import Bench
from adapters.conformance.faults.models import Fault
from adapters.conformance.provoking import calls_of, raised_by
from adapters.conformance.verdicts import NotConformant, demand
from adapters.contract.errors import AdapterError, Malformed, Misconfigured


async def a_redirect_elsewhere_is_not_followed(bench: Bench) -> None:
    """A recorder that sends us to another host is refused, and the other host is never called."""
    calls = await calls_of(bench)
    async with bench.faulty(impatient=True) as network:
        await network.use(Fault.REDIRECT_ELSEWHERE)
        for name, call in calls.items():
            async with bench.adapter(network.options) as adapter:
                error = await raised_by(call, adapter, name)
            demand(network.visits_elsewhere == 0, f"{name} follows a redirect to another host")
            refused = isinstance(error, Malformed | Misconfigured)
            demand(refused, f"{name} meets a redirect to another host and says {type(error).__name__}")


async def an_address_elsewhere_is_not_called(bench: Bench) -> None:
    """Where an answer names an address on another host, that is refused, and the other host is never called."""
    calls = await calls_of(bench)
    async with bench.faulty(impatient=True) as network:
        await network.use(Fault.ADDRESSES_ELSEWHERE)
        for name, call in calls.items():
            before = network.addresses_replaced
            async with bench.adapter(network.options) as adapter:
                error = await raised_by(call, adapter, name)
            demand(network.visits_elsewhere == 0, f"{name} calls the host that an answer names")
            if error is not None and not isinstance(error, AdapterError):
                raise NotConformant(f"{name} raises {type(error).__name__}") from error
            if network.addresses_replaced > before and error is not None:
                refused = isinstance(error, Malformed | Misconfigured)
                demand(refused, f"{name} is given an address elsewhere and says {type(error).__name__}")


async def a_certificate_that_nobody_vouches_for_is_refused(bench: Bench) -> None:
    """Over TLS nothing is sent to a recorder whose certificate is not trusted: `Misconfigured`."""
    calls = await calls_of(bench)
    async with bench.over_tls(trusted=False) as network:
        for name, call in calls.items():
            async with bench.adapter(network.options) as adapter:
                error = await raised_by(call, adapter, name)
            demand(not network.asked, f"{name} sends a request to a recorder that nobody vouches for")
            demand(
                isinstance(error, Misconfigured), f"{name} meets the certificate with {type(error).__name__}"
            )


async def the_owners_authority_is_trusted(bench: Bench) -> None:
    """Over TLS a recorder is reached whose certificate the owner vouches for by `ca_file`."""
    calls = await calls_of(bench)
    async with bench.over_tls(trusted=True) as network:
        for name, call in calls.items():
            async with bench.adapter(network.options) as adapter:
                error = await raised_by(call, adapter, name)
            says = f"{name} meets a certificate that the owner vouches for with {type(error).__name__}"
            demand(error is None, says)
        demand(bool(network.asked), "no request arrives over TLS")
