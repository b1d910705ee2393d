import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Icon, type IconName } from "./icon";
import { toast } from "./toast";

export type ButtonKind = "primary" | "plain" | "quiet" | "danger";

interface ButtonProps {
  readonly kind?: ButtonKind;
  readonly icon?: IconName;
  readonly isBusy?: boolean;
  readonly isDisabled?: boolean;
  readonly small?: boolean;
  readonly type?: "button" | "submit";
  /** A promise keeps the button busy until it is settled. */
  readonly onClick?: (event: MouseEvent) => unknown;
  readonly label?: string;
  readonly children?: ComponentChildren;
}

/** `label` says more to a screen reader than the words on the button do. */
export function Button(props: ButtonProps) {
  const [isWaiting, setWaiting] = useState(false);
  const isBusy = isWaiting || (props.isBusy ?? false);
  const click = (event: MouseEvent) => {
    if (isBusy) return;
    const outcome = props.onClick?.(event);
    if (outcome instanceof Promise) {
      setWaiting(true);
      void outcome.finally(() => setWaiting(false));
    }
  };
  return (
    <button
      type={props.type ?? "button"}
      class={`button ${props.kind ?? "plain"}${props.small ? " small" : ""}`}
      disabled={props.isDisabled}
      aria-busy={isBusy}
      aria-label={props.label}
      onClick={click}
    >
      {isBusy ? <span class="spinner" aria-hidden="true" /> : props.icon && <Icon name={props.icon} size={16} />}
      {props.children !== undefined && <span>{props.children}</span>}
    </button>
  );
}

export function LinkButton(props: {
  href: string;
  kind?: ButtonKind;
  icon?: IconName;
  small?: boolean;
  download?: boolean;
  isExternal?: boolean;
  children: ComponentChildren;
}) {
  return (
    <a
      class={`button ${props.kind ?? "plain"}${props.small ? " small" : ""}`}
      href={props.href}
      download={props.download}
      {...(props.isExternal ? { target: "_blank", rel: "noopener noreferrer" } : {})}
    >
      {props.icon && <Icon name={props.icon} size={16} />}
      <span>{props.children}</span>
    </a>
  );
}

/** A button that is an icon alone; `label` is its name, and shown when it is pointed at. */
export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => unknown;
  isPressed?: boolean;
  isDisabled?: boolean;
}) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.isPressed}
      disabled={props.isDisabled}
      onClick={(event) => void props.onClick(event)}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** The text, and a button that copies it. */
export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast("Copied.");
    } catch {
      toast("The browser does not let this page copy: select the text instead.", "red"); // no https, or not allowed
    }
  };
  return (
    <span class="copy">
      <code>{text}</code>
      <IconButton icon="copy" label={label} onClick={copy} />
    </span>
  );
}
