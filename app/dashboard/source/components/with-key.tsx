import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { describe } from "../api";
import { hasKeyAtHand, takeKey } from "../session";
import { Button } from "./button";
import { TextField } from "./field";
import { Card, Page } from "./page";

/** What only the key itself may do: asks for it again when only its token is left, after a reload. `title` is the page's. */
export function WithKey({ title, children }: { title: string; children: ComponentChildren }) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  if (hasKeyAtHand.value) return <>{children}</>;
  const submit = async () => {
    setError(null);
    try {
      await takeKey(text);
    } catch (problem) {
      setError(describe(problem));
    }
  };
  return (
    <Page title={title}>
      <Card title="Enter your key again">
        <form
          class="stack narrow"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <p class="soft">This tab keeps an access token only, and tokens never see keys. The key itself is not stored.</p>
          <TextField
            label="API key"
            type="password"
            mono
            required
            value={text}
            onInput={setText}
            error={error}
            autocomplete="off"
          />
          <div>
            <Button kind="primary" type="submit">
              Continue
            </Button>
          </div>
        </form>
      </Card>
    </Page>
  );
}
