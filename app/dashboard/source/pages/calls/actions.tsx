/** What can be done to a live call, as far as the key reaches. */
import { useState } from "preact/hooks";

import { act } from "../../api";
import { Button } from "../../components/button";
import { confirm, Dialog } from "../../components/dialog";
import { Select, TextField } from "../../components/field";
import { partyText } from "../../components/party";
import {
  CancelTransferDocument,
  CompleteTransferDocument,
  HangupCallDocument,
  HoldCallDocument,
  StartRecordingDocument,
  StartSupervisionDocument,
  StopRecordingDocument,
  TransferCallDocument,
  UnholdCallDocument,
  type CallTarget,
  type SupervisionMode,
  type TransferKind,
} from "../../generated/operations";
import { newKey } from "../../idempotency";
import type { LiveCall } from "../../live/calls";
import { has, viewer } from "../../session";
import { rememberedExtension, rememberExtension } from "./remembered";

export async function endCall(call: LiveCall): Promise<void> {
  const who = partyText(call.customerParty ?? call.dialledNumber);
  const isSure = await confirm({
    title: "End this call?",
    text: `The call with ${who} ends for everybody in it.`,
    action: "End the call",
    isDanger: true,
  });
  if (isSure) await act(HangupCallDocument, { id: call.id }, "The call is being ended.");
}

export function CallActions({ call }: { call: LiveCall }) {
  const [opened, setOpened] = useState<"transfer" | "monitor" | null>(null);
  if (call.state === "ENDED") return null;
  const isTalking = call.state === "CONNECTED";
  const mayControl = has("CALLS_CONTROL");
  const customer = call.legs.find((leg) => leg.role === "CUSTOMER" && leg.state === "UP");
  const recording = call.recordings?.find((one) => one.state === "RECORDING" || one.state === "PAUSED");
  const close = () => setOpened(null);
  if (!mayControl && !has("SUPERVISE")) return null;

  return (
    <div class="sheet-actions" role="group" aria-label="What can be done">
      {mayControl && (
        <Button kind="danger" icon="hangup" onClick={() => endCall(call)}>
          End
        </Button>
      )}
      {mayControl && isTalking && customer && !call.transfer && (
        <Button
          icon={customer.isOnHold ? "play" : "hold"}
          onClick={() =>
            customer.isOnHold
              ? act(UnholdCallDocument, { id: call.id, legId: customer.id }, "They talk again.")
              : act(HoldCallDocument, { id: call.id, legId: customer.id }, "The customer is on hold.")
          }
        >
          {customer.isOnHold ? "Take off hold" : "Hold"}
        </Button>
      )}
      {mayControl && isTalking && !call.transfer && (
        <Button icon="transfer" onClick={() => setOpened("transfer")}>
          Transfer
        </Button>
      )}
      {mayControl && call.transfer && (
        <>
          {call.transfer.kind === "ATTENDED" && (
            <Button
              kind="primary"
              icon="check"
              onClick={() => act(CompleteTransferDocument, { id: call.id }, "The transfer is completed.")}
            >
              Complete the transfer
            </Button>
          )}
          <Button icon="back" onClick={() => act(CancelTransferDocument, { id: call.id }, "The transfer is taken back.")}>
            Take it back
          </Button>
        </>
      )}
      {mayControl && isTalking && !recording && (
        <Button icon="record" onClick={() => act(StartRecordingDocument, { id: call.id }, "The call is being recorded.")}>
          Record
        </Button>
      )}
      {mayControl && isTalking && recording && (
        <Button icon="stop" onClick={() => act(StopRecordingDocument, { id: recording.id }, "The recording is ended.")}>
          Stop recording
        </Button>
      )}
      {has("SUPERVISE") && isTalking && (
        <Button icon="ear" onClick={() => setOpened("monitor")}>
          Monitor
        </Button>
      )}
      {opened === "transfer" && <TransferDialog call={call} onClose={close} />}
      {opened === "monitor" && <MonitorDialog call={call} onClose={close} />}
    </div>
  );
}

function TransferDialog({ call, onClose }: { call: LiveCall; onClose: () => void }) {
  const [target, setTarget] = useState("");
  const [kind, setKind] = useState<TransferKind>("BLIND");
  const submit = async () => {
    const text = target.replace(/[\s()-]/g, "");
    const to: CallTarget = text.startsWith("+") ? { number: text } : { extension: text };
    const input = { callId: call.id, target: to, kind, idempotencyKey: newKey() };
    const isDone = await act(TransferCallDocument, { input }, "The transfer is under way.");
    if (isDone) onClose();
  };
  return (
    <Dialog title="Transfer the call" onClose={onClose}>
      <Form onSubmit={submit} action="Transfer" onClose={onClose} isReady={target.trim() !== ""}>
        <TextField
          label="To"
          hint="An extension, or a number that begins with +."
          value={target}
          onInput={setTarget}
          autofocus
          required
          placeholder="2003"
        />
        <Select
          label="How"
          value={kind}
          onChange={(value) => setKind(value as TransferKind)}
          options={[
            ["BLIND", "At once: the customer hears it ring"],
            ["ATTENDED", "After a word: the agent speaks with them first"],
          ]}
        />
      </Form>
    </Dialog>
  );
}

const MODES: ReadonlyArray<readonly [SupervisionMode, string, string]> = [
  ["MONITOR", "Listen", "You hear both; nobody hears you."],
  ["WHISPER", "Whisper", "Only the agent hears you."],
  ["BARGE", "Join in", "Everybody hears you."],
];

function MonitorDialog({ call, onClose }: { call: LiveCall; onClose: () => void }) {
  const agentId = viewer.value?.agentId ?? null;
  const accountId = viewer.value?.account.id ?? "";
  const [extension, setExtension] = useState(rememberedExtension(accountId));
  const [mode, setMode] = useState<SupervisionMode>("MONITOR");
  const submit = async () => {
    const supervisor = agentId ? { agentId } : { extension: extension.trim() };
    const input = { callId: call.id, mode, supervisor, idempotencyKey: newKey() };
    const isDone = await act(StartSupervisionDocument, { input }, "Your phone rings: pick it up to listen.");
    if (!isDone) return;
    if (!agentId) rememberExtension(accountId, extension.trim());
    onClose();
  };
  return (
    <Dialog title="Monitor the call" onClose={onClose}>
      <Form onSubmit={submit} action="Ring my phone" onClose={onClose} isReady={agentId !== null || extension.trim() !== ""}>
        {agentId === null && (
          <TextField
            label="Your extension"
            hint="Your own phone rings; once you answer, you are in the call."
            value={extension}
            onInput={setExtension}
            autofocus
            required
            placeholder="2005"
          />
        )}
        <fieldset class="modes">
          <legend class="unseen">How</legend>
          {MODES.map(([value, title, text]) => (
            <label key={value} class="mode">
              <input type="radio" name="mode" value={value} checked={mode === value} onChange={() => setMode(value)} />
              <strong>{title}</strong>
              <span>{text}</span>
            </label>
          ))}
        </fieldset>
      </Form>
    </Dialog>
  );
}

function Form(props: {
  onSubmit: () => Promise<void>;
  onClose: () => void;
  action: string;
  isReady: boolean;
  children: preact.ComponentChildren;
}) {
  const [isBusy, setBusy] = useState(false);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (isBusy || !props.isReady) return;
        setBusy(true);
        void props.onSubmit().finally(() => setBusy(false));
      }}
    >
      {props.children}
      <div class="row dialog-actions">
        <Button onClick={props.onClose}>Cancel</Button>
        <Button kind="primary" type="submit" isBusy={isBusy} isDisabled={!props.isReady}>
          {props.action}
        </Button>
      </div>
    </form>
  );
}
