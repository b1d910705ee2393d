"""Every fault that Offhook is to survive, and the tests that break things so; or why one is not run.

``make faults`` runs the tests named here and all others beside this file, and names what did not run. ``make test``
runs those of the cases marked ``is_sharp``.
"""

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_FAULTS = "tests/faults/"


@cache
def find_tests(path: str) -> frozenset[str]:
    """The names of the tests in a file, whose path is from the root."""
    tree = ast.parse((_ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


class Need(StrEnum):
    """What a machine must have for a case, in words that follow "it needs"."""

    ROOT = "root, to mount a small file system"

    @property
    def is_met(self) -> bool:
        return os.geteuid() == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault. ``tests`` are ``path::beginning_of_a_name``, below tests/faults unless they say another path;
    ``not_run`` says why there is none.
    """

    id: str
    group: str
    what: str
    tests: tuple[str, ...] = ()
    not_run: str = ""
    need: Need | None = None
    is_sharp: bool = False

    @property
    def why_not_run(self) -> str | None:
        """Why it does not run here and now; None when it does."""
        if self.not_run:
            return self.not_run
        return f"it needs {self.need.value}" if self.need is not None and not self.need.is_met else None

    @property
    def references(self) -> Iterator[tuple[str, str]]:
        """Path and beginning of the name of each test."""
        for test in self.tests:
            path, _, name = test.partition("::")
            yield (path if "/" in path else _FAULTS + path), f"test_{name}"


_ONCE = "test_exactly_once.py::given_the_service_is_killed_at_a_named_place"
_ODD = "test_sip_far_end.py::given_a_far_end_that_never_talks"
_EGRESS = "tests/webhooks/test_egress.py"
_DELIVER = "tests/webhooks/test_deliver.py"
_MODES = "test_webhook_faults.py::given_a_sink_in_any_mode"
_IN_FLIGHT = "test_call_control_in_flight.py::given_call_control_in_flight_when_"


def _kill(id_: str, what: str, *more: str, tests: tuple[str, ...] = (_ONCE,), not_run: str = "") -> Case:
    return Case(
        id=f"kill-{id_}",
        group="kill -9 of the service",
        what=what,
        tests=() if not_run else (*tests, *more),
        not_run=not_run,
        is_sharp=not not_run,
    )


def _ari(id_: str, what: str, *tests: str, is_sharp: bool = False) -> Case:
    return Case(id=f"ari-{id_}", group="ARI", what=what, tests=tests, is_sharp=is_sharp)


def _asterisk(id_: str, what: str, *tests: str, need: Need | None = None, is_sharp: bool = False) -> Case:
    return Case(id=f"asterisk-{id_}", group="Asterisk", what=what, tests=tests, need=need, is_sharp=is_sharp)


def _sip(id_: str, what: str, test: str = _ODD, *, is_sharp: bool = False) -> Case:
    return Case(id=f"sip-{id_}", group="SIP far end", what=what, tests=(test,), is_sharp=is_sharp)


def _database(id_: str, what: str, *tests: str, is_sharp: bool = False) -> Case:
    return Case(id=f"database-{id_}", group="PostgreSQL", what=what, tests=tests, is_sharp=is_sharp)


def _sink(id_: str, what: str, *tests: str) -> Case:
    return Case(id=f"sink-{id_}", group="webhook sink", what=what, tests=tests)


def _machine(id_: str, what: str, *tests: str, not_run: str = "", need: Need | None = None) -> Case:
    return Case(id=f"machine-{id_}", group="machine", what=what, tests=tests, not_run=not_run, need=need)


def _caller(id_: str, what: str, *tests: str, not_run: str = "", is_sharp: bool = False) -> Case:
    return Case(id=f"caller-{id_}", group="callers", what=what, tests=tests, not_run=not_run, is_sharp=is_sharp)


def _control(id_: str, what: str, when: str, *, is_sharp: bool = False) -> Case:
    return Case(
        id=f"control-{id_}",
        group="call control, flows, media streams, campaigns, callbacks and codes in flight",
        what=what,
        tests=(f"{_IN_FLIGHT}{when}",),
        is_sharp=is_sharp,
    )


def _two(id_: str, what: str, *tests: str, is_sharp: bool = False) -> Case:
    return Case(id=f"two-{id_}", group="two of everything", what=what, tests=tests, is_sharp=is_sharp)


CASES: tuple[Case, ...] = (
    _kill("before-attempt", "before the attempt row commits"),
    _kill("after-attempt", "after the commit, before the reply"),
    _kill("before-create", "after the claim, before the ARI request"),
    _kill("before-dial", "after create, before dial"),
    _kill(
        "ringing",
        "while ringing",
        "test_kill_service.py::given_a_ringing_call_when_the_service_is_killed",
        "test_kill_service.py::given_a_ringing_call_when_it_is_answered_while_the_service_is_dead",
    ),
    _kill("before-bridge", "after the answer, before the bridge"),
    _kill("mid-bridge", "mid bridge"),
    _kill("recording", "while recording", "test_kill_service.py::given_a_recorded_talk"),
    _kill(
        "paused",
        "while a recording is paused, before and after Asterisk was told",
        tests=("test_kill_while_paused.py::given_a_pause_when_the_service_is_killed",),
    ),
    _kill(
        "supervised",
        "while a supervisor listens, or its phone rings",
        tests=("test_kill_while_supervised.py::given_a_supervision_when_the_service_is_killed",),
    ),
    _kill(
        "streaming",
        "while a program talks to a leg, in a talk or in a call flow",
        tests=("test_kill_while_streaming.py::given_a_program_that_talks_when_the_service_is_killed",),
    ),
    _kill("before-record", "between the hang-up event and the CDR's commit"),
    _kill("webhook-sent", "after the webhook was sent, before its result was stored"),
    _kill(
        "waited-for",
        "while somebody waits for the talk; the same key joins the wait after it",
        tests=("test_exactly_once.py::given_somebody_waits_for_a_talk",),
    ),
    _kill(
        "mistake",
        "not killed: a mistake or a stall at each of those places",
        tests=("test_exactly_once.py::given_a_mistake_or_a_stall_at_a_named_place",),
    ),
    _kill(
        "every-stage",
        "forty calls at every stage",
        tests=("test_kill_service.py::given_calls_at_every_stage_when_the_service_is_killed",),
    ),
    _kill(
        "transfer-before-dial",
        "a transfer in flight, before the target is dialled",
        tests=("test_transfer_faults.py::given_a_transfer_when_the_service_is_killed_before",),
    ),
    _kill(
        "transfer-ringing",
        "a transfer in flight, while the target rings",
        tests=("test_transfer_faults.py::given_a_transfer_when_the_service_is_killed_while",),
    ),
    _kill(
        "transfer-consulting",
        "a transfer in flight, while they consult",
        tests=("test_transfer_faults.py::given_a_consultation_when_the_service_is_killed",),
    ),
    _kill(
        "queue",
        "while callers wait in a queue and an agent is rung for one of them",
        "test_queue_kill.py::given_callers_in_a_queue_when_the_service_is_killed",
    ),
    _kill(
        "flow",
        "while one caller is asked for digits in a call flow, and another leaves a message",
        "test_flow_kill.py::given_callers_in_flows_when_the_service_is_killed",
    ),
    _kill(
        "detection",
        "while Asterisk finds out whether a person or a machine has answered",
        "test_detection_kill.py::given_calls_whose_answer_is_looked_into_when_the_service_is_killed",
    ),
    _kill(
        "beep",
        "while a machine's beep is listened for",
        "test_detection_kill.py::given_a_machine_whose_beep_is_listened_for_when_the_service_is_killed",
    ),
    _kill(
        "import",
        "during a CSV import",
        tests=("test_import_kill.py::given_a_worker_that_is_killed_in_the_middle_of_an_import",),
    ),
    _kill(
        "campaign",
        "during a campaign at 20 calls/s",
        "test_campaign_kill.py::given_a_campaign_when_the_service_is_killed_then",
    ),
    Case(
        id="kill-campaign-at",
        group="kill -9 of the service",
        what="between a campaign's claim, its hold, its calls and their note",
        tests=("test_campaign_kill.py::given_a_campaign_when_the_service_is_killed_at_a_named_place",),
    ),
    _kill(
        "callback",
        "as a callback goes on its way, and past the time of one",
        tests=(
            "test_errand_kill.py::given_a_callback_when_the_service_is_killed_as_it_goes_on_its_way",
            "test_errand_kill.py::given_a_callback_when_the_service_is_away_past_its_time",
        ),
    ),
    _kill(
        "otp",
        "before a one-time password is told, and while it is",
        tests=(
            "test_errand_kill.py::given_a_code_when_the_service_is_killed_before_its_call_is_placed",
            "test_errand_kill.py::given_a_code_that_is_being_told_when_the_service_is_killed",
        ),
    ),
    _kill(
        "caps",
        "while an account uses all that it may, and between a place that is taken and the call that is written",
        tests=(
            "test_kill_at_caps.py::given_an_account_at_its_cap_when_the_service_is_killed",
            "test_kill_at_caps.py::given_calls_that_are_let_in_when_the_service_is_killed",
        ),
    ),
    _ari(
        "answer-lost",
        "a request is acted on and its answer lost",
        "test_asterisk_faults.py::given_asterisk_acts_and_its_answer_is_lost",
        is_sharp=True,
    ),
    _ari(
        "closed",
        "the event socket is closed cleanly, or reset",
        "test_ari_faults.py::given_a_talk_when_the_event_socket_ends",
    ),
    _ari(
        "away",
        "out of reach for a while",
        "test_lost_connections.py::given_a_talk_when_asterisk_is_out_of_reach_for_a_while",
    ),
    _ari(
        "half-open",
        "half-open: no FIN, no byte",
        "test_ari_faults.py::given_a_talk_when_the_line_goes_dead",
        is_sharp=True,
    ),
    _ari(
        "held-back",
        "half-open for a moment, and a timer of ours fires before an answer that is told late",
        "test_lost_connections.py::given_a_half_open_line_when_a_ring_timer_fires_after_an_answer",
        is_sharp=True,
    ),
    _ari(
        "unheard-answer",
        "half-open or cut, and a party answers (and leaves, or stays) while a ring timer of ours fires",
        "test_unheard_answers.py::given_a_dead_line_when_a_party_answers_and_leaves",
        is_sharp=True,
    ),
    _ari(
        "unheard-and-there",
        "half-open or cut, and a party answers and is there when the line is",
        "test_unheard_answers.py::given_a_dead_line_when_a_party_answers_and_stays",
        "test_unheard_answers.py::given_a_dead_line_when_a_party_answers_in_its_ring_time",
        "test_unheard_answers.py::given_an_answer_that_is_held_back",
    ),
    _ari(
        "odd-events",
        "duplicate, reordered, unknown and non-JSON events",
        "test_ari_faults.py::given_events_that_come_twice",
        "test_ari_faults.py::given_a_talk_when_an_end_cannot_be_read",
    ),
    _ari(
        "10-mb",
        "events of 10 MB",
        "test_ari_faults.py::given_a_talk_when_an_event_of_ten_megabytes",
        "test_ari_faults.py::given_many_messages_of_megabytes",
    ),
    _ari(
        "slow-reader",
        "a reader that stands still for 5 s at 200 events/s",
        "test_ari_faults.py::given_a_loop_that_stands_still",
    ),
    _ari("password", "wrong password", "test_ari_faults.py::given_a_wrong_password"),
    _ari(
        "unloaded",
        "503: module unloaded",
        "test_ari_faults.py::given_a_talk_when_aris_modules_are_unloaded",
        "test_ari_faults.py::given_a_call_when_asterisk_has_no_bridges",
    ),
    _ari("sessions", "session limit reached", "test_ari_faults.py::given_a_talk_when_asterisks_sessions_are_used_up"),
    _ari(
        "hang-ups",
        "hang-ups during the outage, by the far end and by a request",
        "test_lost_connections.py::given_a_talk_when_it_ends_while_asterisk_is_out_of_reach",
        "test_lost_connections.py::given_a_talk_when_a_hang_up_is_asked_for_while_asterisk_is_out_of_reach",
        is_sharp=True,
    ),
    _ari(
        "never-back",
        "Offhook never comes back: Asterisk ends the call itself",
        "test_lost_connections.py::given_offhook_never_comes_back_in_time",
        "test_lost_connections.py::given_a_call_when_its_channels_are_looked_at",
        "test_lost_connections.py::given_a_limit_of_two_seconds",
    ),
    _ari(
        "recording-late",
        "a recording begins too late",
        "test_asterisk_faults.py::given_a_recording_that_begins_too_late",
    ),
    _ari(
        "instants",
        "facts are told late, with Asterisk's own instants",
        "test_asterisk_faults.py::given_a_clock_when_facts_are_told",
    ),
    _ari(
        "stolen",
        "a second socket steals the application",
        "test_asterisk_faults.py::given_a_stranger_takes_the_application_over",
    ),
    _asterisk("restart", "restart now", "test_asterisk_restarts.py::given_a_talk_when_asterisk_is_restarted_at_once"),
    _asterisk(
        "kill",
        "kill -9",
        "test_asterisk_faults.py::given_a_talk_when_asterisk_is_killed_and_starts_anew",
        is_sharp=True,
    ),
    _asterisk("graceful", "graceful stop", "test_asterisk_restarts.py::given_a_talk_when_asterisk_stops_gracefully"),
    _asterisk(
        "recording-unwritable",
        "recording directory unwritable",
        "test_asterisk_restarts.py::given_a_recording_directory_that_takes_nothing",
    ),
    _asterisk(
        "recording-full",
        "recording directory full",
        "test_asterisk_restarts.py::given_a_recording_directory_that_is_full",
        need=Need.ROOT,
    ),
    _asterisk(
        "older",
        "an older version, by what it says of itself",
        "test_asterisk_restarts.py::given_an_asterisk_older_than_the_floor",
    ),
    Case(
        id="asterisk-older-itself",
        group="Asterisk",
        what="an older version itself",
        not_run="no second version of Asterisk can be had on this machine; its announcement alone is tried",
    ),
    _sip("486", "486 Busy Here", is_sharp=True),
    _sip("603", "603 Decline"),
    _sip("404", "404 Not Found"),
    _sip("503", "503 Service Unavailable"),
    _sip("silence", "100, and then silence"),
    _sip("early", "183 for ever"),
    _sip("crossed", "200 after CANCEL"),
    _sip("302", "302 to a premium number: never followed", "test_sip_far_end.py::given_a_far_end_that_moves_us"),
    _sip("bye-lost", "our BYE is lost", "test_sip_far_end.py::given_a_far_end_that_loses_our_bye"),
    _sip(
        "rtp-stops",
        "RTP stops, and their BYE is lost",
        "test_sip_far_end.py::given_a_far_end_that_vanishes_without_a_bye",
    ),
    _sip("same-ms", "both legs answer at once", "test_sip_far_end.py::given_both_parties_answer_at_once"),
    _sip(
        "at-bridging",
        "hang-up with the ACK, as the bridge is made",
        "test_sip_far_end.py::given_a_party_that_hangs_up_with_its_ack",
        is_sharp=True,
    ),
    _sip(
        "crossing",
        "one party answers as the other leaves",
        "test_sip_far_end.py::given_one_party_answers_as_the_other_leaves",
    ),
    _database("restart", "immediate restart", "test_database_faults.py::given_a_talk_when_the_database_is_restarted"),
    _database(
        "away",
        "down under live calls",
        "test_lost_connections.py::given_live_calls_when_the_database_is_away",
        "test_database_outage.py::given_live_calls_when_the_database_is_down",
        is_sharp=True,
    ),
    _database(
        "away-and-killed",
        "down, and the service is killed meanwhile",
        "test_database_outage.py::given_the_service_is_killed_while_the_database_is_down",
        is_sharp=True,
    ),
    _database(
        "stall",
        "it answers nobody for 30 s",
        "test_database_faults.py::given_a_talk_when_the_database_answers_nobody_for_30_seconds",
    ),
    _database(
        "lock", "a table is locked for longer than we wait", "test_database_faults.py::given_a_table_that_is_locked"
    ),
    _database(
        "killed-sessions",
        "connections are killed all the time",
        "test_database_faults.py::given_calls_at_a_steady_rate_when_their_sessions_are_cut",
    ),
    _database(
        "rolled-back",
        "serialization failures and deadlocks",
        "test_database_faults.py::given_calls_at_a_steady_rate_when_every_third_commit_is_rolled_back",
    ),
    _database(
        "connections",
        "too many connections",
        "test_database_faults.py::given_a_talk_when_the_database_has_no_connection_left",
    ),
    _sink(
        "down",
        "down for days, by an injected clock",
        "test_webhook_faults.py::given_a_sink_that_is_down_for_",
        f"{_DELIVER}::given_ten_failures_over_days",
        "tests/webhooks/test_disabling.py::given_an_endpoint_that_fails_for_five_days",
    ),
    _sink("500", "500 and every other refusal", _MODES, f"{_DELIVER}::given_any_answer_but_2xx_when_it_comes"),
    _sink("hang", "it hangs", _MODES, f"{_DELIVER}::given_an_endpoint_that_hangs"),
    _sink("drip", "it drips", _MODES, f"{_EGRESS}::given_headers_in_time_and_a_body_that_stalls"),
    _sink(
        "huge",
        "a huge body",
        "test_webhook_faults.py::given_a_huge_answer_that_says_yes",
        f"{_EGRESS}::given_a_body_that_never_ends",
    ),
    _sink(
        "flaky", "it fails three of ten, with delays", "test_webhook_faults.py::given_a_sink_that_fails_three_of_ten"
    ),
    _sink("redirect", "a redirect", f"{_EGRESS}::given_a_redirect_to_a_forbidden_place"),
    _sink("410", "410 Gone", f"{_DELIVER}::given_an_endpoint_that_is_gone"),
    _sink("429", "429 with Retry-After", f"{_DELIVER}::given_retry_after_when_longer_than_the_schedule"),
    _sink(
        "tls",
        "invalid TLS",
        "test_webhook_faults.py::given_a_certificate_that_is_not_valid",
        f"{_EGRESS}::given_https_when_the_certificate_is_for_another_name_or_unknown",
    ),
    _sink(
        "rebound",
        "its address changes to a private one between check and connect",
        "test_webhook_faults.py::given_a_name_that_leads_elsewhere",
        f"{_EGRESS}::given_a_name_that_was_public_when_it_is_rebound",
        f"{_EGRESS}::given_a_connection_that_ends_up_elsewhere",
    ),
    _sink(
        "restart",
        "the worker is killed in the middle of a delivery",
        "tests/webhooks/test_restart.py::given_a_worker_killed_in_the_middle_of_a_delivery",
        "test_webhook_faults.py::given_a_worker_killed_after_a_webhook_was_sent",
    ),
    _machine(
        "disk-full",
        "disk full under the recordings",
        "test_machine_faults.py::given_a_full_disk_when_a_recording_ends",
        need=Need.ROOT,
    ),
    _machine(
        "disk-full-database",
        "disk full under the database",
        "test_machine_faults.py::given_a_full_disk_under_the_database",
        need=Need.ROOT,
    ),
    _machine("files", "file descriptors used up", "test_machine_faults.py::given_no_file_descriptor_is_left"),
    _machine(
        "clock",
        "the injected clock steps by an hour either way, as a DST change of a local clock would",
        "test_machine_faults.py::given_a_talk_when_our_clock_steps_by_an_hour",
    ),
    _machine(
        "real-clock",
        "the machine's own clock steps",
        not_run="setting it would disturb everything else on the machine; time namespaces do not cover the real clock",
    ),
    _machine(
        "sigterm",
        "SIGTERM under load",
        "test_two_services.py::given_calls_under_way_when_the_owner_is_told_to_stop",
        "test_kill_service.py::given_a_talk_when_the_service_is_told_to_stop",
    ),
    _caller(
        "one-key",
        "100 concurrent requests with one idempotency key, and other bodies under it",
        "test_caller_faults.py::given_a_hundred_requests_at_once",
        "test_exactly_once.py::given_a_hundred_requests_with_one_key",
        is_sharp=True,
    ),
    _caller(
        "goes-away",
        "a client goes away while it waits",
        "test_exactly_once.py::given_a_client_that_goes_away_while_it_waits",
    ),
    _caller(
        "two-campaigns",
        "the same contact in two campaigns",
        "tests/campaigns/test_claiming.py::given_a_number_in_two_campaigns_when_both_claim_at_once",
    ),
    _caller(
        "dnc-race",
        "a DNC entry or a reached cap races with a claim",
        "tests/campaigns/test_forbidding.py::given_numbers_that_are_forbidden_while_they_are_claimed_and_dialled",
        "tests/campaigns/test_forbidding.py::given_an_entry_that_is_answered_while_a_batch_waits_to_be_dialled",
        "tests/campaigns/test_claiming.py::given_a_number_in_two_campaigns_when_both_claim_at_once",
    ),
    _caller(
        "stop-race",
        "a hang-up races with the dialling",
        "test_caller_faults.py::given_calls_that_are_hung_up_as_they_are_dialled",
        is_sharp=True,
    ),
    _caller("revoke-race", "a key is revoked as it asks", "test_caller_faults.py::given_a_key_that_is_revoked"),
    _caller(
        "never-reads",
        "subscribers that never read",
        "test_caller_faults.py::given_subscribers_that_never_read",
    ),
    _two(
        "one-owner",
        "two services on one database: one owner per Asterisk, no call twice",
        "test_two_services.py::given_two_services_when_the_standby_is_asked",
        is_sharp=True,
    ),
    _two(
        "taken-over",
        "the owner is killed: taken over within 10 s",
        "test_two_services.py::given_the_owner_is_killed_when_calls_are_live",
        is_sharp=True,
    ),
    _two(
        "wakes-up",
        "the owner is stopped in its tracks, and wakes up when it has lost",
        "test_two_services.py::given_the_owner_is_stopped_in_its_tracks",
    ),
    _two(
        "owner-without-database",
        "the owner alone loses the database",
        "test_two_services.py::given_the_owner_alone_loses_the_database",
    ),
    _two(
        "roles",
        "each role in a process of its own",
        "test_two_services.py::given_each_role_in_a_process_of_its_own",
    ),
    _control("killed", "kill -9 of the service", "the_service_is_killed_then", is_sharp=True),
    _control("killed-at", "kill -9 at each named place, over one call more", "the_service_is_killed_at_a_named_place"),
    _control("stopped", "SIGTERM", "the_service_is_told_to_stop"),
    _control("connection", "the connection to Asterisk is closed, reset or cut", "the_connection_to_asterisk_ends"),
    _control("half-open", "the line to Asterisk is half-open", "the_line_to_asterisk_goes_dead", is_sharp=True),
    _control("answer-lost", "Asterisk acts and its answer is lost", "an_answer_of_asterisks_is_lost"),
    _control("stolen", "a stranger takes the application over", "a_stranger_takes_the_application"),
    _control("database", "PostgreSQL is ended and started", "the_database_is_down_for_a_while", is_sharp=True),
    _control("asterisk", "kill -9 or restart of Asterisk", "asterisk_dies", is_sharp=True),
    _control("taken-over", "the owner is killed, and another takes over", "another_service_takes_over", is_sharp=True),
    Case(
        id="nemesis",
        group="nemesis",
        what="two random faults every 5–30 s at 5 calls/s",
        tests=("test_nemesis.py::given_calls_at_a_steady_rate_when_a_nemesis_rages",),
    ),
    Case(
        id="machine-any-order",
        group="the pure machine",
        what="every interleaving of answers, hang-ups, timers, lost events and crashes, without I/O",
        tests=("tests/calls/test_machine_any_order.py::given_any_inputs_in_any_order",),
    ),
)
