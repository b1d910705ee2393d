import { useEffect, useState } from "preact/hooks";

import { act, ask, describe } from "../../api";
import { Button, IconButton } from "../../components/button";
import { Progress } from "../../components/progress";
import { toast } from "../../components/toast";
import { sizeOf } from "../../format/amount";
import { counted } from "../../format/words";
import {
  CancelExportDocument,
  CreateExportDocument,
  ExportJobDocument,
  ExportProgressDocument,
  type CallFilterInput,
  type RecordJobFragment,
} from "../../generated/operations";
import { follow } from "../../live";
import { save } from "../recordings/download";

/** An export that is being made; null when it was refused, which has been told then. */
export async function beginExport(filter: CallFilterInput | null): Promise<RecordJobFragment | null> {
  const made = await act(CreateExportDocument, { input: { format: "CSV", subject: { cdrs: { filter } } } });
  return made?.job ?? null;
}

/** How far an export has come; once it is there, the browser saves it. */
export function ExportNote({ begun, onClose }: { begun: RecordJobFragment; onClose: () => void }) {
  const [job, setJob] = useState(begun);
  const isOver = job.state !== "QUEUED" && job.state !== "RUNNING";
  useEffect(() => {
    if (isOver) return;
    return follow(
      ExportProgressDocument,
      () => ({ id: begun.id }),
      (answer) => setJob(answer.jobProgress.job),
      (problem) => problem && toast(problem, "red"),
    );
  }, [begun.id, isOver]);
  useEffect(() => {
    if (job.state === "FINISHED" && job.report) save(job.report.url);
  }, [job.state]);

  // The address that came with the news may have expired by the time somebody asks for the file once more.
  const saveAgain = async () => {
    try {
      const { job: now } = await ask(ExportJobDocument, { id: begun.id });
      if (now?.report) save(now.report.url);
      else toast("This export is not kept any more.", "red");
    } catch (error) {
      toast(describe(error), "red");
    }
  };
  const cancel = () => act(CancelExportDocument, { input: { id: begun.id } }, "The export was cancelled.");

  return (
    <section class="export" aria-label="Export">
      <p class="export-text" role="status">
        {wordsOf(job)}
      </p>
      {!isOver && <Progress label="Export" value={job.progress ?? 0} max={1} />}
      <span class="export-actions">
        {job.state === "FINISHED" && (
          <Button small icon="download" onClick={saveAgain}>
            Save again
          </Button>
        )}
        {isOver ? (
          <IconButton icon="close" label="Close" onClick={onClose} />
        ) : (
          <Button small kind="quiet" onClick={cancel}>
            Cancel
          </Button>
        )}
      </span>
    </section>
  );
}

function wordsOf(job: RecordJobFragment): string {
  const done = counted(job.counts.processed, "record");
  switch (job.state) {
    case "QUEUED":
      return job.failure ? `The export is tried again: ${job.failure}` : "The export is about to begin.";
    case "RUNNING":
      return job.counts.total === null ? `${done} so far` : `${done} of ${job.counts.total.toLocaleString("en")}`;
    case "FINISHED":
      return job.report ? `${done} in ${job.report.fileName}, ${sizeOf(job.report.sizeBytes)}` : `${done} exported`;
    case "CANCELLED":
      return "The export was cancelled.";
    default:
      return `The export failed: ${job.failure ?? "the log of the service says why"}`;
  }
}
