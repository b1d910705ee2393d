import { Button, Copy } from "./button";
import { Dialog } from "./dialog";

/** A secret that is shown this once: it leaves the page with the dialog. */
export function SecretDialog(props: { title: string; text: string; secret: string; onClose: () => void }) {
  return (
    <Dialog
      title={props.title}
      onClose={props.onClose}
      actions={
        <Button kind="primary" onClick={props.onClose}>
          I have kept it
        </Button>
      }
    >
      <div class="stack">
        <p class="soft">{props.text}</p>
        <Copy text={props.secret} label="Copy the secret" />
      </div>
    </Dialog>
  );
}
