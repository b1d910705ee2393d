import { useState } from "preact/hooks";

import { describe } from "../api";
import { Button } from "../components/button";
import { TextField } from "../components/field";
import { Logo } from "../components/logo";
import { farewell, signIn } from "../session";

export function SignIn() {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  document.title = "Sign in · Offhook";

  const submit = async () => {
    if (text.trim() === "") {
      setError("Paste a key first.");
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await signIn(text);
    } catch (problem) {
      setError(describe(problem));
      setBusy(false);
    }
  };

  return (
    <main class="sign-in">
      <div class="sign-in-box">
        <Logo />
        <h1>Sign in</h1>
        <p class="soft">With an API key, or an access token for this address.</p>
        {farewell.value && (
          <p class="sign-in-farewell" role="status">
            {farewell.value}
          </p>
        )}
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
          noValidate
        >
          <TextField
            label="API key"
            type="password"
            mono
            autofocus
            required
            value={text}
            onInput={setText}
            error={error}
            placeholder="ofk_…"
            autocomplete="current-password"
          />
          <Button kind="primary" type="submit" isBusy={isBusy}>
            Sign in
          </Button>
        </form>
        <p class="sign-in-foot">
          Make a key with <code>offhook key create ACCOUNT</code>; after <code>make demo</code> or{" "}
          <code>make serve</code> that is <code>.venv/bin/offhook key create sandbox</code>. It is kept in this tab only;
          where it can, the page trades it for a token that expires. What the key has no scope for is not shown.
        </p>
      </div>
    </main>
  );
}
