"""The provisioning bridge: identity events in, roles, plans, seats and explained invoices out."""

import sys

# structlog takes rich to draw tracebacks as soon as rich is installed; the bridge never has it draw any, and
# rich with what it needs is 80 modules, 5 MB of every web process. An import system that finds None does as
# if there were none, for as long as structlog is loaded; the commands still draw their tables with rich.
if "rich" not in sys.modules:
    sys.modules["rich"] = None  # type: ignore[assignment]  # this is how the import system is told
    import structlog  # noqa: F401 - loaded here, so that it is loaded without rich

    del sys.modules["rich"]
