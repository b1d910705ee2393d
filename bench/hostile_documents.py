"""What it costs to refuse a document that was made to cost, beside reading an ordinary one."""

import itertools
from collections.abc import Callable
from typing import Final

import httpx

from bench.figure import Better, Figure, Goal, Result, Series
from bench.harness import BenchError, Context, in_turn
from bench.processes import cpu_seconds_of
from bench.service import RunningService, running_service_process

_CIRCLE: Final = 60
_DOCUMENTS: Final = {
    "100,000 tokens": "{ " + "a " * 100_000 + "}",
    "100,000 tokens, as short as can be": "{" + "[" * 99_999,
    "10,000 aliases": "{" + " ".join(f"a{number}:__typename" for number in range(10_000)) + "}",
    "10,000 short aliases": "{" + ",".join(f"{number:x}"[1:] + "a:i" for number in range(0x100000, 0x102710)) + "}",
    "fragments in a circle": "{...F0}"
    + " ".join(f"fragment F{one} on Query{{...F{(one + 1) % _CIRCLE}}}" for one in range(_CIRCLE)),
    "fragments that all spread each other": "{...F0}"
    + " ".join(f"fragment F{one} on Query{{{' '.join(f'...F{other}' for other in range(40))}}}" for one in range(40)),
    "fragments that double": "{...F0}"
    + " ".join(f"fragment F{one} on Query{{...F{one + 1} ...F{one + 1}}}" for one in range(99))
    + " fragment F99 on Query{__typename}",
    "one field 3,000 times": "{viewer{" + "keyId " * 3000 + "}}",
    "names that nothing has": "{" + " ".join(f"orignateCal{number}" for number in range(20)) + "}",
}
_DEAREST: Final = "the dearest"
_ORDINARY: Final = "an ordinary document"
_ORDINARY_QUERY: Final = """
query Board{number}($first: Int, $filter: CallFilterInput) {{
  calls(first: $first, filter: $filter) {{
    nodes {{ id state direction createdAt cdr {{ id disposition }} recordings {{ id durationSeconds }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
"""


class _Prober:
    """Sends documents to a service and reads what its process spent on each from the kernel's books."""

    def __init__(self, service: RunningService, http: httpx.AsyncClient, times: int) -> None:
        self._service = service
        self._http = http
        self._times = times
        self._numbers = itertools.count()
        #: Of each hostile document, the milliseconds of each round.
        self.spent: dict[str, list[float]] = {}
        self.refused = 0

    async def refuse_all(self) -> float:
        """The dearest document's milliseconds."""
        for name, document in _DOCUMENTS.items():
            spent = await self._measure(lambda document=document: document, is_hostile=True)  # type: ignore[misc]  # mypy cannot infer it
            self.spent.setdefault(name, []).append(spent)
        return max(rounds[-1] for rounds in self.spent.values())

    async def read_ordinary(self) -> float:
        """An ordinary document's milliseconds; another text each time, for one that is known is not read again."""
        return await self._measure(lambda: _ORDINARY_QUERY.format(number=next(self._numbers)), is_hostile=False)

    async def _measure(self, make: Callable[[], str], *, is_hostile: bool) -> float:
        before = cpu_seconds_of(self._service.pid)
        for _ in range(self._times):
            answer = (await self._http.post("/graphql", json={"query": make()})).json()
            if is_hostile != ("data" not in answer):
                raise BenchError(f"A document was not answered as it should be: {str(answer)[:300]}")
            self.refused += is_hostile
        return (cpu_seconds_of(self._service.pid) - before) * 1000 / self._times


async def _run(context: Context) -> Result:
    async with (
        running_service_process(context, await context.database()) as service,
        httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=60.0, trust_env=False) as http,
    ):
        prober = _Prober(service, http, context.count(20, 3))
        measured = await in_turn(context, {_DEAREST: prober.refuse_all, _ORDINARY: prober.read_ordinary})
    return Result(
        value=max(measured[_DEAREST]),
        unit="ms",
        sides={name: Series.of("ms", rounds) for name, rounds in measured.items()},
        checked={"documents refused": prober.refused},
        details={"most ms of each": {name: round(max(rounds), 1) for name, rounds in prober.spent.items()}},
    )


FIGURE = Figure(
    name="hostile_document_cpu_ms",
    description="CPU time until 10⁵ tokens, 10⁴ aliases, circles and the like are refused: the dearest of them",
    beside="reading an ordinary document",
    better=Better.LOWER,
    target=Goal(100),
    aim=Goal(50),
    run=_run,
)
