interface Party {
  readonly number: string | null;
  readonly display: string | null;
  readonly extension: string | null;
  readonly isAnonymous: boolean;
  readonly isMasked?: boolean;
}

/** Who it is in a line of text: the name, else the extension or the number. */
export function partyText(party: Party | null | undefined): string {
  if (!party) return "–";
  if (party.isAnonymous) return "Anonymous";
  return party.display ?? party.extension ?? party.number ?? "–";
}

/** Name above, number below; one line where there is but one of them. */
export function PartyName({ party }: { party: Party | null | undefined }) {
  if (!party) return <span class="faint">–</span>;
  const address = party.extension ?? party.number;
  if (party.isAnonymous) return <span class="soft">Anonymous</span>;
  if (!party.display || party.display === address) return <span class="number">{address ?? "–"}</span>;
  return (
    <span class="party">
      <span>{party.display}</span>
      {address && <span class="party-number number">{address}</span>}
    </span>
  );
}
