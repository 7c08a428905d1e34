/** The conversations: by day, pinned ones first, searched in all of their words. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Head } from "../lib/db";
import { day } from "../lib/numbers";
import { language } from "../lib/t";
import { t } from "../lib/words/chat";
import { t as shell } from "../lib/words/shell";
import { chat, list, listRead, newChat } from "../state/chats";
import { isComposing } from "../state/composing";
import { type Hit, searchChats } from "../state/searching";
import { exportAll, importFiles } from "../state/transfers";
import { columnHidden, drawerOpen, search } from "../state/view";
import { ChatRow } from "./ChatRow";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";
import { Menu } from "./Menu";
import { refuse } from "./pasting";
import { useDrawer } from "./useDrawer";

export function ChatList() {
  const { route } = useLocation();
  const picker = useRef<HTMLInputElement>(null);
  const hits = useHits(search.value);
  const first = useRef<HTMLButtonElement>(null);
  const close = useDrawer(first);
  const begin = () => {
    newChat();
    route("/");
    close();
  };
  return (
    <>
      {drawerOpen.value && (
        <button type="button" class="veil" aria-label={shell("closeList")} onClick={close} />
      )}
      <nav class={listClass()} aria-label={t("conversations")}>
        <div class="list-head">
          <button type="button" ref={first} class="new-chat" onClick={begin}>
            <Icon name="plus" size={18} />
            <span>{t("newChat")}</span>
            <kbd>{isApple ? "⌘K" : "Ctrl K"}</kbd>
          </button>
          <Menu
            label={t("more")}
            items={() => [
              { label: t("importFile"), icon: "up", run: () => picker.current?.click() },
              { label: t("exportAll"), icon: "arrowDown", run: () => void exportAll() },
              {
                label: shell("closeList"),
                icon: "left",
                run: () => {
                  columnHidden.value = true;
                  close();
                },
              },
            ]}
          >
            <Icon name="more" />
          </Menu>
          <input
            ref={picker}
            type="file"
            hidden
            multiple
            accept=".json,application/json"
            onChange={(event) => {
              void importFiles([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = "";
            }}
          />
        </div>
        <div class="list-search">
          <Icon name="search" size={16} />
          <input
            type="search"
            placeholder={t("search")}
            aria-label={t("search")}
            value={search.value}
            onPaste={refuse}
            onInput={(event) => (search.value = event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Escape" || !search.value || isComposing(event)) return;
              search.value = "";
              event.stopPropagation();
            }}
          />
          {search.value && (
            <IconButton icon="close" size={14} label={t("cancel")} onClick={() => (search.value = "")} />
          )}
        </div>
        <div class="list-rows">{hits ? <Hits hits={hits} onOpen={close} /> : <Days onOpen={close} />}</div>
      </nav>
    </>
  );
}

const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

export function listClass(): string {
  return `list ${drawerOpen.value ? "open" : ""} ${columnHidden.value ? "hidden" : ""}`;
}

const SOME = 200; // rows that are rendered at first

function Days({ onOpen }: { onOpen: () => void }) {
  const [most, setMost] = useState(SOME);
  if (listRead.value && !list.value.length) return <p class="hint">{t("noChats")}</p>;
  const now = Date.now();
  const groups = new Map<string, Head[]>();
  for (const head of list.value.slice(0, most)) {
    const name = head.pinned ? t("pinned") : day(head.updated, now, language.value);
    groups.set(name, [...(groups.get(name) ?? []), head]);
  }
  return (
    <>
      {[...groups].map(([name, heads]) => (
        <section key={name} aria-label={name}>
          <p class="list-day">{name}</p>
          {heads.map((head) => (
            <ChatRow key={head.id} head={head} current={head.id === chat.value.id} onOpen={onOpen} />
          ))}
        </section>
      ))}
      {list.value.length > most && (
        <button type="button" class="link" onClick={() => setMost(most + SOME)}>
          {t("showAll")}
        </button>
      )}
    </>
  );
}

function Hits({ hits, onOpen }: { hits: Hit[]; onOpen: () => void }) {
  if (!hits.length) return <p class="hint">{t("nothingFound")}</p>;
  return (
    <>
      {hits.map(({ head, excerpt }) => (
        <ChatRow
          key={head.id}
          head={head}
          current={head.id === chat.value.id}
          excerpt={excerpt}
          onOpen={onOpen}
        />
      ))}
    </>
  );
}

function useHits(query: string): Hit[] | null {
  const [hits, setHits] = useState<Hit[] | null>(null);
  const heads = list.value;
  useEffect(() => {
    if (!query.trim()) {
      setHits(null);
      return;
    }
    let current = true;
    const timer = setTimeout(() => void searchChats(query).then((found) => current && setHits(found)), 120);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [query, heads]);
  return hits;
}
