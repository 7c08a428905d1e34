import { useEffect, useRef } from "preact/hooks";
import type { Group } from "../lib/settings";
import { groupName, t } from "../lib/words/settings";
import { edits } from "../state/settings";
import { Icon } from "./Icon";

interface Props {
  groups: Group[];
  part: string;
  search: string;
  onSearch: (text: string) => void;
}

/** The groups, with a count at those in which something is changed; a search over all of them. */
export function SettingsNav({ groups, part, search, onSearch }: Props) {
  const nav = useRef<HTMLElement>(null);
  // On a phone the groups are a strip that scrolls.
  useEffect(() => {
    const strip = nav.current?.querySelector("ul");
    const current = strip?.querySelector<HTMLElement>("[aria-current]");
    if (strip && current) strip.scrollLeft = current.offsetLeft - strip.offsetLeft - 48;
  }, [part]);
  const link = (name: string, label: string, count = 0, apart = false) => (
    <li key={name} class={apart ? "apart" : undefined}>
      <a
        href={`/settings?part=${name}`}
        aria-current={part === name ? "true" : undefined}
        onClick={() => onSearch("")}
      >
        {label}
        {count > 0 && <span class="count">{count}</span>}
      </a>
    </li>
  );
  return (
    <nav ref={nav} class="settings-nav" aria-label={t("sections")}>
      <div class="settings-search">
        <Icon name="search" size={16} />
        <input
          type="search"
          class="field"
          aria-label={t("search")}
          placeholder={t("search")}
          value={search}
          onInput={(event) => onSearch(event.currentTarget.value)}
        />
      </div>
      <ul>
        {groups.map(({ name, rows }) =>
          link(name, groupName(name), rows.filter((row) => row.name in edits.value).length),
        )}
        {link("keys", t("keys"), 0, true)}
        {link("connection", t("connection"))}
      </ul>
    </nav>
  );
}
