import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

import { Button } from "./button";
import type { Options } from "./field";
import { Icon } from "./icon";

/** The filters of a list, above it. `onReset` is given while any of them is set. */
export function FilterBar({ onReset, children }: { onReset?: (() => void) | false | undefined; children: ComponentChildren }) {
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      {children}
      {onReset && (
        <Button small kind="quiet" icon="close" onClick={onReset}>
          Reset
        </Button>
      )}
    </form>
  );
}

const TYPING_MS = 300;

/** Tells what was typed once the typing pauses. */
export function SearchField(props: { label: string; value: string; onInput: (value: string) => void; placeholder?: string }) {
  const id = useId();
  const [text, setText] = useState(props.value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setText(props.value), [props.value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (value: string) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => props.onInput(value.trim()), TYPING_MS);
  };
  return (
    <div class="filter search">
      <label for={id}>{props.label}</label>
      <span class="search-input">
        <Icon name="search" size={15} />
        <input
          id={id}
          type="search"
          class="input"
          value={text}
          placeholder={props.placeholder}
          autocomplete="off"
          onInput={(event) => type(event.currentTarget.value)}
        />
      </span>
    </div>
  );
}

export function SelectField(props: { label: string; value: string; options: Options; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <div class="filter">
      <label for={id}>{props.label}</label>
      <select id={id} class="input" value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A day (`2026-01-31`), or with `withTime` a minute of it, by the clock on the wall. */
export function DateField(props: { label: string; value: string; onChange: (value: string) => void; withTime?: boolean }) {
  const id = useId();
  return (
    <div class="filter">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        type={props.withTime ? "datetime-local" : "date"}
        class="input"
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      />
    </div>
  );
}
