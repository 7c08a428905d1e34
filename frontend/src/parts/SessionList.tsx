/** The agent's sessions: by day, searched by their titles. */
import { useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { day } from "../lib/numbers";
import { language } from "../lib/t";
import type { AgentHead } from "../lib/wire";
import { t } from "../lib/words/agent";
import { t as chat } from "../lib/words/chat";
import { t as shell } from "../lib/words/shell";
import { current, newSession, runningIn } from "../state/agent";
import { save } from "../state/agentFiles";
import { abandon } from "../state/agentRun";
import { loadSessions, remove, sessions, sessionsFailed, sessionsRead } from "../state/agentSessions";
import { columnHidden, drawerOpen } from "../state/view";
import { listClass } from "./ChatList";
import { Icon } from "./Icon";
import { IconButton } from "./IconButton";
import { Lacking } from "./Lacking";
import { Menu } from "./Menu";
import { useDrawer } from "./useDrawer";

export function SessionList() {
  const { route } = useLocation();
  const [query, setQuery] = useState("");
  const first = useRef<HTMLButtonElement>(null);
  const close = useDrawer(first);
  const words = query.toLowerCase().split(/\s+/);
  const found = sessions.value.filter(({ title }) =>
    words.every((word) => title.toLowerCase().includes(word)),
  );
  return (
    <>
      {drawerOpen.value && (
        <button type="button" class="veil" aria-label={shell("closeList")} onClick={close} />
      )}
      <nav class={listClass()} aria-label={t("sessions")}>
        <div class="list-head">
          <button
            type="button"
            ref={first}
            class="new-chat"
            onClick={() => {
              newSession();
              route("/agent");
              close();
            }}
          >
            <Icon name="plus" size={18} />
            <span>{t("newSession")}</span>
          </button>
          <IconButton
            icon="left"
            label={shell("closeList")}
            onClick={() => {
              columnHidden.value = true;
              close();
            }}
          />
        </div>
        <div class="list-search">
          <Icon name="search" size={16} />
          <input
            type="search"
            placeholder={t("search")}
            aria-label={t("search")}
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </div>
        <div class="list-rows">
          {sessionsFailed.value && (
            <Lacking error={sessionsFailed.value} onRetry={() => void loadSessions()} />
          )}
          {!sessions.value.length && sessionsRead.value && !sessionsFailed.value && (
            <p class="hint">{t("none")}</p>
          )}
          {sessions.value.length > 0 && !found.length && <p class="hint">{t("nothingFound")}</p>}
          {[...byDay(found)].map(([name, heads]) => (
            <section key={name} aria-label={name}>
              <p class="list-day">{name}</p>
              {heads.map((head) => (
                <Row key={head.id} head={head} onOpen={close} />
              ))}
            </section>
          ))}
        </div>
      </nav>
    </>
  );
}

function Row({ head, onOpen }: { head: AgentHead; onOpen: () => void }) {
  const { route } = useLocation();
  const isCurrent = current.value === head.id;
  const title = head.title || t("untitled");
  return (
    <div class={isCurrent ? "chat-row current" : "chat-row"}>
      <a
        href={`/agent?session=${head.id}`}
        aria-current={isCurrent ? "page" : undefined}
        title={title}
        onClick={onOpen}
      >
        <span class="chat-title">{title}</span>
        {head.paused && <span class="chat-excerpt">{t("waits")}</span>}
        {runningIn.value.has(head.id) && <span class="chat-excerpt">{t("runs")}</span>}
      </a>
      <Menu
        label={`${chat("more")}: ${title}`}
        items={() => [
          { label: t("exportMarkdown"), icon: "arrowDown", run: () => void save(head, "markdown") },
          { label: t("exportJson"), icon: "arrowDown", run: () => void save(head, "json") },
          {
            label: chat("delete"),
            icon: "bin",
            danger: true,
            run: () => {
              abandon(head.id);
              remove(head);
              if (isCurrent) route("/agent");
            },
          },
        ]}
      >
        <Icon name="more" size={18} />
      </Menu>
    </div>
  );
}

function byDay(heads: AgentHead[]): Map<string, AgentHead[]> {
  const now = Date.now();
  const groups = new Map<string, AgentHead[]>();
  for (const head of heads) {
    const name = day(head.updated_at * 1000, now, language.value);
    groups.set(name, [...(groups.get(name) ?? []), head]);
  }
  return groups;
}
