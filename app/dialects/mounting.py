"""Where the dialects are: each brings its own routes."""

from dataclasses import replace

from starlette.routing import BaseRoute

from app.dialects import asteriskapi, cloud_pbx, originate_call
from app.dialects.cpaas import routes as cpaas
from app.dialects.desk import Surface
from app.dialects.gate import Gate


def dialect_routes(surface: Surface) -> list[BaseRoute]:
    """The addresses of all dialects. Each asks for its own credential, which an account has or has not."""
    # A request may take several operations, which have one time together: that of the longest.
    options = replace(surface.options, query_seconds=surface.options.mutation_seconds)
    gate = Gate(replace(surface, options=options))
    return [
        *asteriskapi.routes(gate),
        *originate_call.routes(gate),
        *cloud_pbx.routes(gate),
        *cpaas.routes(gate),
    ]
