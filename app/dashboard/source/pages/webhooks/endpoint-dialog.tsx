import { useState } from "preact/hooks";

import { describe, mutate, type UserError } from "../../api";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { Checkbox, Select, TextArea, TextField } from "../../components/field";
import { toast } from "../../components/toast";
import {
  CreateWebhookEndpointDocument,
  UpdateWebhookEndpointDocument,
  type RecordEndpointFragment,
  type WebhookFormat,
} from "../../generated/operations";
import { has } from "../../session";
import { typedEvents } from "./asking";

interface Props {
  /** Null for a new one. */
  readonly endpoint: RecordEndpointFragment | null;
  readonly onClose: () => void;
  /** The secret comes with a new endpoint alone. */
  readonly onDone: (endpoint: RecordEndpointFragment, secret: string | null) => void;
}

export function EndpointDialog({ endpoint, onClose, onDone }: Props) {
  const [url, setUrl] = useState(endpoint?.url ?? "");
  const [description, setDescription] = useState(endpoint?.description ?? "");
  const [events, setEvents] = useState(endpoint?.eventTypes.join(", ") ?? "call.*, recording.saved");
  const [format, setFormat] = useState<WebhookFormat>(endpoint?.format ?? "STANDARD");
  const [sees, setSees] = useState({
    includePersonalData: endpoint?.includePersonalData ?? false,
    includeDtmf: endpoint?.includeDtmf ?? false,
    includeRecordingUrls: endpoint?.includeRecordingUrls ?? has("RECORDINGS_READ"),
  });
  const [errors, setErrors] = useState<ReadonlyArray<UserError>>([]);
  const [isBusy, setBusy] = useState(false);
  const wrongWith = (field: string) => errors.find((one) => one.field?.[0] === field)?.message ?? null;
  const others = errors.filter((one) => !["url", "eventTypes", "description"].includes(one.field?.[0] ?? ""));

  const save = async () => {
    setBusy(true);
    setErrors([]);
    const input = {
      url: url.trim(),
      description: description.trim() || null,
      eventTypes: typedEvents(events),
      format,
      ...sees,
    };
    try {
      const payload = endpoint
        ? await mutate(UpdateWebhookEndpointDocument, { input: { id: endpoint.id, ...input } })
        : await mutate(CreateWebhookEndpointDocument, { input });
      if (payload.webhookEndpoint) {
        onDone(payload.webhookEndpoint, "secret" in payload ? (payload.secret as string | null) : null);
      } else setErrors(payload.userErrors);
    } catch (error) {
      toast(describe(error), "red");
    } finally {
      setBusy(false);
    }
  };
  const see = (name: keyof typeof sees) => (checked: boolean) => setSees({ ...sees, [name]: checked });

  return (
    <Dialog
      title={endpoint ? "Change the endpoint" : "New endpoint"}
      onClose={onClose}
      side
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" isBusy={isBusy} onClick={save}>
            {endpoint ? "Save" : "Create"}
          </Button>
        </>
      }
    >
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField
          label="URL"
          type="url"
          required
          autofocus
          mono
          value={url}
          onInput={setUrl}
          placeholder="https://crm.example/offhook"
          error={wrongWith("url")}
        />
        <TextArea
          label="Events"
          mono
          rows={2}
          value={events}
          onInput={setEvents}
          hint="Names with * for anything, such as call.* or recording.saved."
          error={wrongWith("eventTypes")}
        />
        <TextField label="Description" value={description} onInput={setDescription} error={wrongWith("description")} />
        <Select
          label="Format"
          value={format}
          options={[
            ["STANDARD", "Standard"],
            ["CLASSIC", "Classic: flat bodies of call.connected and call.ended"],
          ]}
          onChange={(chosen) => setFormat(chosen as WebhookFormat)}
        />
        <Checkbox
          label="Whole numbers and names"
          checked={sees.includePersonalData}
          isDisabled={!has("PII_READ") && !sees.includePersonalData}
          hint="Otherwise they come masked."
          onChange={see("includePersonalData")}
        />
        <Checkbox
          label="Which keys were pressed"
          checked={sees.includeDtmf}
          isDisabled={!has("DTMF_READ") && !sees.includeDtmf}
          onChange={see("includeDtmf")}
        />
        <Checkbox
          label="Addresses of recordings"
          checked={sees.includeRecordingUrls}
          isDisabled={!has("RECORDINGS_READ") && !sees.includeRecordingUrls}
          hint="Signed; they work for whoever holds them, until they expire."
          onChange={see("includeRecordingUrls")}
        />
        {others.map((one) => (
          <p key={one.message} class="problem" role="alert">
            {one.message}
          </p>
        ))}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
