"""The settings of the broker that a command on the host is about."""

from broker.cli.failures import Failure
from broker.cli.options import HostOptions
from broker.errors import SetupProblem
from broker.settings import Settings, load_settings


def settings_of(options: HostOptions) -> Settings:
    """The settings that the options name; `Failure` where they are wrong."""
    try:
        return load_settings(options.config, options.data)
    except SetupProblem as problem:
        raise Failure(str(problem)) from problem
