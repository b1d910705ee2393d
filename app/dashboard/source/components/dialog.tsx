import { computed, signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

import { Button, IconButton } from "./button";
import { NotLive } from "./not-live";
import { Toasts } from "./toast";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly actions?: ComponentChildren;
  /** A sheet from the right, the page's whole height. */
  readonly side?: boolean;
  readonly wide?: boolean;
  readonly lead?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The open dialogs, the topmost last: all else is out of reach. */
const opened = signal<ReadonlyArray<string>>([]);
export const hasDialog = computed(() => opened.value.length > 0);

/** A modal dialog: the browser keeps the keyboard inside, Escape and the backdrop close it, and the focus goes back after. */
export function Dialog(props: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    if (dialog && !dialog.open) dialog.showModal();
    // The browser takes the first that asks for the focus, which in a sheet is its title.
    dialog?.querySelector<HTMLElement>(".dialog-body [autofocus]")?.focus();
    opened.value = [...opened.value, id];
    return () => {
      opened.value = opened.value.filter((one) => one !== id);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog${props.side ? " side" : ""}${props.wide ? " wide" : ""}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === element.current) props.onClose();
      }}
    >
      <div class="dialog-inner">
        <NotLive />
        <header class="dialog-head">
          <div>
            {/* What is read comes first in a sheet, and where something is asked for, the first field. */}
            <h2 id={id} {...(props.side ? { tabIndex: -1, autofocus: true } : {})}>
              {props.title}
            </h2>
            {props.lead && <div class="dialog-lead">{props.lead}</div>}
          </div>
          <IconButton icon="close" label="Close" onClick={props.onClose} />
        </header>
        <div class="dialog-body">{props.children}</div>
        {props.actions && <footer class="dialog-foot">{props.actions}</footer>}
      </div>
      <Toasts isOnTop={opened.value.at(-1) === id} />
    </dialog>
  );
}

interface Question {
  readonly title: string;
  readonly text: ComponentChildren;
  readonly action: string;
  readonly isDanger?: boolean;
}

const asked = signal<(Question & { readonly answer: (yes: boolean) => void }) | null>(null);

/** Ask before something that cannot be undone. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer: (yes) => {
        asked.value = null;
        resolve(yes);
      },
    };
  });
}

export function Confirmation() {
  const question = asked.value;
  if (!question) return null;
  return (
    <Dialog
      title={question.title}
      onClose={() => question.answer(false)}
      actions={
        <>
          <Button onClick={() => question.answer(false)}>Cancel</Button>
          <Button kind={question.isDanger ? "danger" : "primary"} onClick={() => question.answer(true)}>
            {question.action}
          </Button>
        </>
      }
    >
      <div class="soft">{question.text}</div>
    </Dialog>
  );
}
