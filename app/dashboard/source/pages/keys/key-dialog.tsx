import { useState } from "preact/hooks";

import { describe, mutate, type UserError } from "../../api";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { Checkbox, Choices, Field, TextArea, TextField } from "../../components/field";
import { toast } from "../../components/toast";
import { scopeName } from "../../format/words";
import { CreateApiKeyDocument, type Scope } from "../../generated/operations";
import { inOrder, inputOf, SCOPE_WORDS, type Draft } from "./asking";

interface Props {
  /** Of the key that makes it: no key gives more than it has. */
  readonly scopes: ReadonlyArray<Scope>;
  readonly mustBeTest: boolean;
  readonly onClose: () => void;
  readonly onMade: (token: string) => void;
}

export function KeyDialog({ scopes, mustBeTest, onClose, onMade }: Props) {
  const [draft, setDraft] = useState<Draft>({ name: "", scopes: [], isTest: mustBeTest, lastDay: "", addresses: "" });
  const [errors, setErrors] = useState<ReadonlyArray<UserError>>([]);
  const [isBusy, setBusy] = useState(false);
  const set = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });
  const wrongWith = (field: string) => errors.find((one) => one.field?.[0] === field)?.message ?? null;
  const known = ["name", "scopes", "expiresAt", "ipAllowList"];
  const others = errors.filter((one) => !known.includes(one.field?.[0] ?? ""));

  const make = async () => {
    setBusy(true);
    setErrors([]);
    try {
      const made = await mutate(CreateApiKeyDocument, { input: inputOf(draft) }, { asKey: true });
      if (made.token) onMade(made.token);
      else setErrors(made.userErrors);
    } catch (error) {
      toast(describe(error), "red");
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog
      title="New key"
      onClose={onClose}
      side
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" isBusy={isBusy} onClick={make}>
            Create
          </Button>
        </>
      }
    >
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <TextField
          label="Name"
          autofocus
          required
          value={draft.name}
          onInput={(name) => set({ name })}
          hint="What people call it, such as “CRM”."
          error={wrongWith("name")}
        />
        <Choices
          label="Scopes"
          options={inOrder(scopes).map((scope) => [scope, SCOPE_WORDS[scope] ?? scopeName(scope)] as const)}
          values={draft.scopes}
          onChange={(chosen) => set({ scopes: chosen })}
          hint="As few as it needs."
          error={wrongWith("scopes")}
        />
        <Checkbox
          label="Test key"
          checked={draft.isTest}
          isDisabled={mustBeTest}
          hint="It places calls to the sandbox’s phones and numbers alone. It reads what its scopes say."
          onChange={(isTest) => set({ isTest })}
        />
        <Field
          label="Last day"
          hint="It works until that day is over; for good when left empty."
          error={wrongWith("expiresAt")}
        >
          {(described) => (
            <input
              {...described}
              class="input"
              type="date"
              value={draft.lastDay}
              onChange={(event) => set({ lastDay: event.currentTarget.value })}
            />
          )}
        </Field>
        <TextArea
          label="Addresses"
          mono
          rows={2}
          value={draft.addresses}
          onInput={(addresses) => set({ addresses })}
          placeholder="203.0.113.0/24"
          hint="Addresses and networks that it may be used from; anywhere when left empty."
          error={wrongWith("ipAllowList")}
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
