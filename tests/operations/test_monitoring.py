"""Dashboard and alerts name every metric that is exposed and no other, and each alert fires when it should."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

import app.ari.stream  # what these two count is there once they are
import app.calls.mending.reconcile  # noqa: F401
from app import metrics
from app.api.metrics import Metrics
from app.ari.event_socket import DisconnectReason
from tests.rig.promtool import ensure_promtool

ROOT: Final = Path(__file__).parents[2]
OPERATIONS: Final = ROOT / "docs" / "how-to" / "operations"
ALERTS: Final = OPERATIONS / "alerts.yml"
DASHBOARD: Final = OPERATIONS / "grafana-dashboard.json"
PAGE: Final = (ROOT / "docs" / "how-to" / "alerts.md").read_text(encoding="utf-8")

_NAME: Final = re.compile(r"\b(?:offhook|process)_[a-z_]+\b")
#: Labels that would name somebody, or grow with what callers make up.
_FORBIDDEN_LABELS: Final = {
    "number",
    "id",
    "call_id",
    "account",
    "account_id",
    "from",
    "to",
    "caller",
    "url",
    "address",
}
_OF_A_HISTOGRAM: Final = ("_bucket", "_count", "_sum")


def _families() -> dict[str, Any]:
    """What is exposed, by its name."""
    # Prometheus' own list of who told what: it has no public one that asks for nothing.
    collectors = [one for registry in (metrics.REGISTRY, Metrics().registry) for one in registry._collector_to_names]
    described = [family for one in collectors if hasattr(one, "describe") for family in one.describe()]
    return {f"{one.name}_total" if one.type == "counter" else one.name: one for one in described}


def _named_in(text: str) -> set[str]:
    """Names of metrics in queries, as they are exposed: a histogram by its own name."""
    histograms = {name for name, family in _families().items() if family.type == "histogram"}
    names = set()
    for name in _NAME.findall(text):
        base = next((name.removesuffix(end) for end in _OF_A_HISTOGRAM if name.endswith(end)), name)
        names.add(base if base in histograms else name)
    return names


def _queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def _alerts() -> dict[str, dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def test_given_the_dashboard_when_its_queries_are_read_then_it_draws_every_metric_that_is_exposed_and_no_other() -> (
    None
):
    ours = {name for name in _families() if name.startswith("offhook_")}
    drawn = _named_in("\n".join(_queries()))
    assert {name for name in drawn if name.startswith("offhook_")} == ours
    exposed = metrics.expose().decode()
    assert all(f"\n{name} " in exposed for name in drawn - ours)


def test_given_the_alert_rules_when_their_queries_are_read_then_every_metric_in_them_is_exposed() -> None:
    named = _named_in("\n".join(rule["expr"] for rule in _alerts().values()))
    exposed = set(_families()) | set(re.findall(r"^(process_\w+)", metrics.expose().decode(), re.MULTILINE))
    assert len(named) > 20
    assert named <= exposed


def test_given_all_metrics_when_their_labels_are_read_then_none_names_anybody() -> None:
    for collector in [
        one for registry in (metrics.REGISTRY, Metrics().registry) for one in registry._collector_to_names
    ]:
        labels = set(getattr(collector, "_labelnames", ())) | set(getattr(collector, "_labels", ()))
        assert not labels & _FORBIDDEN_LABELS, collector


def test_given_alerts_when_somebody_is_woken_then_the_page_has_each_by_its_name_and_weight_and_no_other() -> None:
    headings = dict(re.findall(r"^### (\w+)\n(Page|Ticket)\. ", PAGE, re.MULTILINE))
    assert headings == {name: rule["labels"]["severity"].capitalize() for name, rule in _alerts().items()}
    assert all(rule["annotations"]["summary"] for rule in _alerts().values())


def test_given_what_the_alerts_page_tells_to_do_when_looked_up_then_metrics_words_fields_and_settings_are_there() -> (
    None
):
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "app").rglob("*.py")))
    schema = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    settings = (ROOT / ".env.example").read_text(encoding="utf-8")
    for word in re.findall(r"`([a-z]+_[a-z_]+)`", PAGE):
        assert word in _families() or f'"{word}"' in source or word == "pg_stat_activity", word
    for field in re.findall(r"`([a-z]+[A-Z][A-Za-z]+)`", PAGE):
        assert re.search(rf"^  {field}\b", schema, re.MULTILINE), field
    for setting in re.findall(r"`(OFFHOOK_\w+)`", PAGE):
        assert f"{setting}=" in settings, setting


def test_given_prometheus_configuration_and_rules_when_its_own_tool_reads_them_then_it_finds_nothing_amiss() -> None:
    promtool = ensure_promtool()
    for arguments in (["check", "config", "prometheus.yml"], ["check", "rules", "--lint-fatal", "alerts.yml"]):
        done = subprocess.run(
            [promtool, *arguments], cwd=OPERATIONS, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_given_the_dashboards_queries_when_prometheus_own_tool_reads_them_then_it_understands_each(
    tmp_path: Path,
) -> None:
    queries = [one.replace("$__rate_interval", "5m").replace("$instance", ".*") for one in _queries()]
    assert len(queries) > 50
    rules = [{"record": f"drawn:{place}", "expr": query} for place, query in enumerate(queries)]
    file = tmp_path / "drawn.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "drawn", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run(
        [ensure_promtool(), "check", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_given_a_process_that_has_just_begun_when_it_is_read_then_all_that_alerts_count_is_there_at_nought() -> None:
    """`increase()` of a series that appears with its first count is nought, and nobody would hear of the first."""
    begun = "import sys, app.process.bootstrap, app.api.metrics as m; sys.stdout.write(m.Metrics().expose().decode())"
    told = subprocess.run(
        [sys.executable, "-c", begun], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    at_nought = {
        (sample.name, label, value)
        for family in text_string_to_metric_families(told.stdout)
        for sample in family.samples
        for label, value in sample.labels.items()
        if sample.value == 0
    }
    counted = {
        (name, label, value)
        for rule in _alerts().values()
        for name, labels in re.findall(r"increase\((\w+)\{([^}]*)\}\[", rule["expr"])
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', labels)
        for value in values.split("|")
    }
    assert len(counted) > 8
    assert counted <= at_nought


def test_given_asterisks_line_and_the_audit_when_nothing_has_gone_wrong_then_each_kind_of_trouble_is_there() -> None:
    exposed = metrics.expose().decode()
    for reason in DisconnectReason:
        assert f'offhook_asterisk_disconnects_total{{reason="{reason.value}"}}' in exposed
    source = (ROOT / "app" / "calls" / "mending" / "reconcile.py").read_text(encoding="utf-8")
    found = set(re.findall(r'_(?:say|count)_drift\("(\w+)"', source))
    assert len(found) == 5
    for what in found:
        assert f'offhook_live_drift_total{{what="{what}"}}' in exposed


_ONE: Final = '{instance="a:8000"}'
_BUCKETS_SLOW: Final = {"0.1": "0x60", "0.5": "0x60", "1": "0x60", "2.5": "0x60", "5": "0+60x60", "+Inf": "0+60x60"}
_BUCKETS_FAST: Final = dict.fromkeys(_BUCKETS_SLOW, "0+60x60")


def _histogram(name: str, buckets: dict[str, str]) -> dict[str, str]:
    return {f'{name}_bucket{{instance="a:8000",le="{le}"}}': values for le, values in buckets.items()}


def _slow(name: str) -> tuple[dict[str, str], dict[str, str]]:
    return _histogram(name, _BUCKETS_SLOW), _histogram(name, _BUCKETS_FAST)


#: For each alert what makes it fire within half an hour, and what must leave it silent. A value for each minute.
SCENES: Final[dict[str, tuple[dict[str, str], dict[str, str]]]] = {
    "OffhookAway": ({'up{job="offhook",instance="a:8000"}': "0x60"}, {'up{job="offhook",instance="a:8000"}': "1x60"}),
    "OffhookUnavailable": (
        {'offhook_part_ready{instance="a:8000",part="database"}': "0x60"},
        {
            'offhook_part_ready{instance="a:8000",part="database"}': "1x60",
            'offhook_part_ready{instance="a:8000",part="feed"}': "0x60",
        },
    ),
    "OffhookPartNotReady": (
        {'offhook_part_ready{instance="a:8000",part="feed"}': "0x60"},
        {
            'offhook_part_ready{instance="a:8000",part="shutdown"}': "0x60",
            'offhook_part_ready{instance="a:8000",part="feed"}': "1x24 0x3 1x30",
            # While the database is away all loops are, and that is told by `OffhookUnavailable`.
            'offhook_part_ready{instance="a:8000",part="inbox"}': "0x60",
            'offhook_part_ready{instance="a:8000",part="database"}': "0x60",
        },
    ),
    "OffhookLineToAsteriskBreaks": (
        {f'offhook_asterisk_disconnects_total{{instance="a:8000",reason="{one}"}}': "0+1x60" for one in ("reset",)},
        {'offhook_asterisk_disconnects_total{instance="a:8000",reason="closed"}': "0x20 1x40"},
    ),
    "OffhookAsteriskSlow": _slow("offhook_ari_request_seconds"),
    "OffhookBehindAsterisk": (
        {f"offhook_stream_backlog{_ONE}": "5000x60"},
        {f"offhook_stream_backlog{_ONE}": "0x28 5000 0x31"},
    ),
    "OffhookFileDescriptors": (
        {
            'process_open_fds{job="offhook",instance="a:8000"}': "900x60",
            'process_max_fds{job="offhook",instance="a:8000"}': "1024x60",
        },
        {
            'process_open_fds{job="offhook",instance="a:8000"}': "900x60",
            'process_max_fds{job="offhook",instance="a:8000"}': "65536x60",
        },
    ),
    "OffhookAnswersInternal": (
        {'offhook_graphql_operations_total{instance="a:8000",type="query",outcome="INTERNAL"}': "0+1x60"},
        {'offhook_graphql_operations_total{instance="a:8000",type="query",outcome="NOT_FOUND"}': "0+1x60"},
    ),
    "OffhookChangeSetAside": (
        {f"offhook_set_aside_changes_total{_ONE}": "0x20 1x40"},
        {f"offhook_set_aside_changes_total{_ONE}": "1x60"},
    ),
    "OffhookChangesSpooled": (
        {
            f"offhook_spooled_changes{_ONE}": "7x60",
            'offhook_part_ready{instance="a:8000",part="database"}': "1x60",
        },
        {
            f"offhook_spooled_changes{_ONE}": "7x60",
            'offhook_part_ready{instance="a:8000",part="database"}': "0x60",
        },
    ),
    "OffhookSlowCommits": _slow("offhook_commit_seconds"),
    "OffhookChangesWait": ({f"offhook_store_backlog{_ONE}": "900x60"}, {f"offhook_store_backlog{_ONE}": "40x60"}),
    "OffhookEventsLate": _slow("offhook_event_lag_seconds"),
    "OffhookDriftHealed": (
        {'offhook_live_drift_total{instance="a:8000",what="stray"}': "0x20 1x40"},
        {'offhook_live_drift_total{instance="a:8000",what="stray"}': "1x60"},
    ),
    "OffhookRecordingsWait": (
        {f"offhook_recordings_uncollected{_ONE}": "250x60"},
        {f"offhook_recordings_uncollected{_ONE}": "250x20 3 250x40"},
    ),
    "OffhookAuditLinesLost": (
        {f"offhook_audit_lines_dropped_total{_ONE}": "0x20 4x40"},
        {f"offhook_audit_lines_dropped_total{_ONE}": "0x60"},
    ),
    "OffhookTrunkDown": (
        {'offhook_trunks{instance="a:8000",state="DOWN"}': "1x60"},
        {
            'offhook_trunks{instance="a:8000",state="DOWN"}': "0x60",
            'offhook_trunks{instance="a:8000",state="UNKNOWN"}': "3x60",
        },
    ),
    "OffhookCallsFail": (
        {
            'offhook_calls_ended_total{instance="a:8000",disposition="UNREACHABLE"}': "0+5x60",
            'offhook_calls_ended_total{instance="a:8000",disposition="ANSWERED"}': "0+5x60",
        },
        {
            'offhook_calls_ended_total{instance="a:8000",disposition="FAILED"}': "0+1x60",
            'offhook_calls_ended_total{instance="a:8000",disposition="ANSWERED"}': "0+9x60",
        },
    ),
    "OffhookNobodyRings": (
        {
            'offhook_calls_ended_total{instance="a:8000",direction="OUTBOUND",disposition="REJECTED"}': "0+5x60",
            'offhook_calls_ended_total{instance="a:8000",direction="INBOUND",disposition="ANSWERED"}': "0+5x60",
            'offhook_call_setup_seconds_count{instance="a:8000",direction="OUTBOUND",until="ringing"}': "0x60",
            'offhook_call_setup_seconds_count{instance="a:8000",direction="INBOUND",until="ringing"}': "0+5x60",
        },
        {
            'offhook_calls_ended_total{instance="a:8000",direction="OUTBOUND",disposition="NO_ANSWER"}': "0+5x60",
            'offhook_calls_ended_total{instance="a:8000",direction="OUTBOUND",disposition="DNC"}': "0+90x60",
            'offhook_call_setup_seconds_count{instance="a:8000",direction="OUTBOUND",until="ringing"}': "0+5x60",
            'offhook_call_setup_seconds_count{instance="a:8000",direction="OUTBOUND",until="connected"}': "0x60",
        },
    ),
    "OffhookCarrierErrors": (
        {
            'offhook_legs_ended_total{instance="a:8000",sip_class="5xx"}': "0+5x60",
            'offhook_legs_ended_total{instance="a:8000",sip_class="2xx"}': "0+5x60",
        },
        {
            'offhook_legs_ended_total{instance="a:8000",sip_class="5xx"}': "0x20 1x40",
            'offhook_legs_ended_total{instance="a:8000",sip_class="2xx"}': "0x60",
        },
    ),
    "OffhookArrivalsLost": (
        {'offhook_arrivals_total{instance="a:8000",fate="missed"}': "0x20 1x40"},
        {'offhook_arrivals_total{instance="a:8000",fate="taken"}': "0+5x60"},
    ),
    "OffhookWebhooksWait": (
        {
            f"offhook_webhook_oldest_pending_seconds{_ONE}": "900x60",
            'offhook_webhook_endpoints{instance="a:8000",state="failing"}': "0x60",
        },
        {
            f"offhook_webhook_oldest_pending_seconds{_ONE}": "900x60",
            'offhook_webhook_endpoints{instance="a:8000",state="failing"}': "1x60",
        },
    ),
    "OffhookWebhooksGivenUp": (
        {f"offhook_webhook_deliveries_exhausted_total{_ONE}": "0x20 2x40"},
        {f"offhook_webhook_deliveries_exhausted_total{_ONE}": "2x60"},
    ),
    "OffhookCampaignsLate": _slow("offhook_campaign_pacing_error_seconds"),
    "OffhookCallbacksLate": (
        {f"offhook_callback_oldest_due_seconds{_ONE}": "600x60"},
        {f"offhook_callback_oldest_due_seconds{_ONE}": "NaN NaN 20x60"},
    ),
    "OffhookJobsWait": (
        {f"offhook_job_oldest_queued_seconds{_ONE}": "3600x60"},
        {f"offhook_job_oldest_queued_seconds{_ONE}": "60x60"},
    ),
}


def test_given_the_alerts_when_scenes_are_counted_then_each_has_one_that_it_fires_in_and_one_that_it_does_not() -> None:
    assert SCENES.keys() == _alerts().keys()


def test_given_scenes_of_half_an_hour_when_prometheus_own_tool_plays_them_then_each_alert_fires_in_its_own_alone(
    tmp_path: Path,
) -> None:
    """All at once: the tool is a second in starting."""
    tests = [
        {
            "interval": "1m",
            "name": f"{alert} {'fires' if fires else 'is silent'}",
            "input_series": [{"series": series, "values": values} for series, values in scene.items()],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})',
                    "eval_time": "30m",
                    "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
                }
            ],
        }
        for alert, scenes in SCENES.items()
        for fires, scene in zip((True, False), scenes, strict=True)
    ]
    file = tmp_path / "scenes.yml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}), encoding="utf-8"
    )
    done = subprocess.run(
        [ensure_promtool(), "test", "rules", file], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["grafana-datasource.yml", "grafana-dashboards.yml"])
def test_given_what_grafana_is_provisioned_with_when_read_then_it_is_of_the_version_that_grafana_knows(
    name: str,
) -> None:
    assert yaml.safe_load((OPERATIONS / name).read_text(encoding="utf-8"))["apiVersion"] == 1


def test_given_the_dashboard_when_its_panels_are_laid_out_then_none_lies_upon_another_and_each_has_an_id() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)
