import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface Described {
  readonly id: string;
  readonly "aria-describedby"?: string;
  readonly "aria-invalid"?: boolean;
}

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly error?: string | null | undefined;
}

/** A label, what is typed into, what helps with it and what is wrong with it, tied together. */
export function Field(props: FieldProps & { children: (described: Described) => JSX.Element }) {
  const id = useId();
  const { hint, error } = props;
  const about = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.children({ id, ...(about ? { "aria-describedby": about } : {}), ...(error ? { "aria-invalid": true } : {}) })}
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

type TextType = "text" | "password" | "tel" | "url" | "number" | "email";

interface TextProps extends FieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: TextType;
  readonly required?: boolean;
  readonly autofocus?: boolean;
  readonly mono?: boolean;
  readonly placeholder?: string;
  readonly autocomplete?: string;
}

export function TextField(props: TextProps) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {(described) => (
        <input
          {...described}
          class={`input${props.mono ? " mono" : ""}`}
          type={(props.type ?? "text") as "text"}
          value={props.value}
          required={props.required}
          placeholder={props.placeholder}
          autocomplete={props.autocomplete ?? "off"}
          autofocus={props.autofocus}
          spellcheck={false}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function TextArea(props: TextProps & { readonly rows?: number }) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {(described) => (
        <textarea
          {...described}
          class={`input${props.mono ? " mono" : ""}`}
          rows={props.rows ?? 3}
          required={props.required}
          placeholder={props.placeholder}
          value={props.value}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export type Options = ReadonlyArray<readonly [value: string, label: string]>;

export function Select(props: FieldProps & { value: string; options: Options; onChange: (value: string) => void }) {
  return (
    <Field label={props.label} hint={props.hint} error={props.error}>
      {(described) => (
        <select
          {...described}
          class="input"
          value={props.value}
          onChange={(event) => props.onChange(event.currentTarget.value)}
        >
          {props.options.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Checkbox(props: {
  label: ComponentChildren;
  checked: boolean;
  onChange: (checked: boolean) => void;
  hint?: ComponentChildren;
  isDisabled?: boolean;
}) {
  const id = useId();
  return (
    <div class="checkbox">
      <input
        id={id}
        type="checkbox"
        checked={props.checked}
        disabled={props.isDisabled}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <label for={id}>{props.label}</label>
      {props.hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {props.hint}
        </p>
      )}
    </div>
  );
}

/** Several of a list. */
export function Choices(
  props: FieldProps & { options: Options; values: ReadonlyArray<string>; onChange: (values: ReadonlyArray<string>) => void },
) {
  return (
    <fieldset class="field">
      <legend>{props.label}</legend>
      {props.hint && <p class="field-hint">{props.hint}</p>}
      <div class="choices">
        {props.options.map(([value, label]) => (
          <Checkbox
            key={value}
            label={label}
            checked={props.values.includes(value)}
            onChange={(checked) =>
              props.onChange(checked ? [...props.values, value] : props.values.filter((one) => one !== value))
            }
          />
        ))}
      </div>
      {props.error && <p class="field-error">{props.error}</p>}
    </fieldset>
  );
}
