import { act, useQuery } from "../../api";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { confirm } from "../../components/dialog";
import { Card, Empty, Facts, Loading, Page, Problem } from "../../components/page";
import { partyText } from "../../components/party";
import { Instant, lasting } from "../../components/time";
import { inWords, toneOf } from "../../components/words";
import { sizeOf } from "../../format/amount";
import { DeleteRecordingDocument, RecordingToPlayDocument } from "../../generated/operations";
import { address } from "../../router";
import { has } from "../../session";
import type { PageProps } from "../registry";
import { Player } from "./player";
import type { RecordingToPlay } from "./types";

const BACK = { href: address("/recordings"), label: "Recordings" };

export default function RecordingPage({ params }: PageProps) {
  const id = params["id"] ?? "";
  const asked = useQuery(RecordingToPlayDocument, { id });
  const recording = asked.data?.recording;
  if (!recording) {
    return (
      <Page title="Recording" back={BACK}>
        <Problem error={asked.error} onRetry={asked.reload} />
        {asked.isLoading && <Loading />}
        {asked.data && <Empty icon="recording" title="There is no such recording." />}
      </Page>
    );
  }
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this recording?",
      text: "The file and its transcript are deleted for good. The record of it stays.",
      action: "Delete",
      isDanger: true,
    });
    if (isSure && (await act(DeleteRecordingDocument, { input: { recordingId: id } }, "Deleted."))) asked.reload();
  };
  return (
    <Page
      title={partyText(recording.customerParty) === "–" ? "Recording" : partyText(recording.customerParty)}
      lead={<Instant at={recording.createdAt} withDate />}
      back={BACK}
      actions={
        has("RECORDINGS_DELETE") &&
        recording.state === "SAVED" && (
          <Button icon="trash" onClick={remove}>
            Delete
          </Button>
        )
      }
    >
      <Problem error={asked.error} onRetry={asked.reload} />
      <Card>
        <Content recording={recording} />
      </Card>
      <Card title="About it">
        <Facts
          items={[
            ["State", <Badge tone={toneOf(recording.state)}>{inWords(recording.state)}</Badge>],
            ["Customer", recording.customerParty?.number ?? partyText(recording.customerParty)],
            ["Extension", recording.extension],
            ["Kind", inWords(recording.kind)],
            ["Whose voice", recording.mode === "BOTH" ? "Agent left, customer right" : inWords(recording.mode)],
            ["Length", recording.durationSeconds === null ? null : lasting(recording.durationSeconds)],
            ["Missing sound", recording.lostSeconds === null ? null : missing(recording.lostSeconds)],
            ["Size", recording.sizeBytes === null ? null : sizeOf(recording.sizeBytes)],
            ["Call", <code>{recording.callId}</code>],
            ["SHA-256", recording.sha256 && <code>{recording.sha256}</code>],
          ]}
        />
      </Card>
    </Page>
  );
}

function missing(seconds: number): string {
  return seconds === 0 ? "None" : `${seconds.toFixed(1)} s, which Asterisk had no time to write`;
}

function Content({ recording }: { recording: RecordingToPlay }) {
  if (recording.url) return <Player key={recording.id} recording={recording} />;
  switch (recording.state) {
    case "DELETED":
      return (
        <Empty icon="trash" title="This recording was deleted.">
          <Instant at={recording.deletedAt} withDate />
        </Empty>
      );
    case "FAILED":
      return (
        <Empty icon="alert" title="There is no recording.">
          {recording.failure}
        </Empty>
      );
    default:
      return <Empty icon="recording" title="It is still being made." />;
  }
}
