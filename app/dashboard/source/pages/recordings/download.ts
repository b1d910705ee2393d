import { ask, describe } from "../../api";
import { toast } from "../../components/toast";
import { RecordingAddressDocument } from "../../generated/operations";
import { pathOf } from "./address";

/** Have the browser save what is at a signed address; its name is what the service says. */
export function save(signed: string): void {
  const link = document.createElement("a");
  link.href = pathOf(signed);
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

/** An address is asked for at each download, since they expire. */
export async function downloadRecording(id: string): Promise<void> {
  try {
    const { recording } = await ask(RecordingAddressDocument, { id });
    if (recording?.url) save(recording.url.url);
    else
      toast(recording?.state === "DELETED" ? "This recording was deleted." : "There is no file of this recording.", "red");
  } catch (error) {
    toast(describe(error), "red");
  }
}
