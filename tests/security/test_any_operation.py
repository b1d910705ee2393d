"""Any operation that the schema allows, or all but allows, with any values: never a fault or an error without a code.

Schemathesis makes them: by the schema, and with one thing in each that the schema forbids, which must not be done.
"""

from pathlib import Path

import pytest

from tests.rig.public_suites import SUITES, run_program, schemathesis
from tests.security.conftest import Tenant

pytestmark = pytest.mark.postgres

#: These end the run's own key or account, and with them what can be tried.
_LAST = "suspendAccount|setIpAllowList"
_CHECKS = {"positive": "no_fault", "negative": "no_fault,negative_data_rejection"}


@pytest.mark.parametrize("mode", _CHECKS)
@pytest.mark.parametrize("root", ["Query", "Mutation"])
async def test_given_any_operation_when_sent_then_it_is_answered_or_refused_with_a_code(
    port: int, tenant_a: Tenant, tmp_path: Path, root: str, mode: str
) -> None:
    command = [
        str(await schemathesis()), "run", f"http://127.0.0.1:{port}/graphql",
        "--header", f"Authorization: Bearer {tenant_a.token}",
        "--checks", _CHECKS[mode], "--phases", "fuzzing", "--mode", mode,
        "--max-examples", "3", "--seed", "20261121",
        "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off", "--no-color",
        "--include-name-regex", rf"^{root}\.", "--exclude-name-regex", rf"\.({_LAST})$",
        "--generation-database", "none", "--request-timeout", "60",
    ]  # fmt: skip
    status, printed = await run_program(command, cwd=tmp_path, SCHEMATHESIS_HOOKS=str(SUITES / "schemathesis_hooks.py"))
    assert status == 0, printed[-8000:]
    assert "No issues found" in printed
