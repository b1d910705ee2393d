interface Tab {
  readonly key: string;
  readonly title: string;
  readonly count?: number | undefined;
}

/** A choice between views of the same page: buttons of which one is pressed, so that nothing but Tab and Enter is needed. */
export function Tabs(props: { label: string; tabs: ReadonlyArray<Tab>; value: string; onChange: (key: string) => void }) {
  return (
    <div class="tabs" role="group" aria-label={props.label}>
      {props.tabs.map((tab) => (
        <button
          key={tab.key}
          type="button"
          class="tab"
          aria-pressed={tab.key === props.value}
          onClick={() => props.onChange(tab.key)}
        >
          {tab.title}
          {tab.count !== undefined && <span class="tab-count number">{tab.count}</span>}
        </button>
      ))}
    </div>
  );
}
