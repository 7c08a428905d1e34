/** The agent: its sessions, and the one that is shown. */
import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import "../styles/agent.css";
import "../styles/approval.css";
import { t } from "../lib/words/agent";
import { t as shell } from "../lib/words/shell";
import { AgentTools } from "../parts/AgentTools";
import { DropZone } from "../parts/DropZone";
import { Icon } from "../parts/Icon";
import { IconButton } from "../parts/IconButton";
import { McpEditor } from "../parts/McpEditor";
import { ModelPicker } from "../parts/ModelPicker";
import { SessionList } from "../parts/SessionList";
import { usePageKeys } from "../parts/shortcuts";
import { Transcript } from "../parts/Transcript";
import { Writer } from "../parts/Writer";
import { asError, occasion } from "../state/admitted";
import { choose, current, entries, model, newSession, offCount, openSession, running } from "../state/agent";
import { ask, stop } from "../state/agentRun";
import { loadSessions, sessions } from "../state/agentSessions";
import { writeText } from "../state/drafts";
import { tell } from "../state/notices";
import { columnHidden, drawerOpen } from "../state/view";

export default function Agent() {
  const { query, route } = useLocation();
  const [sheet, setSheet] = useState<"tools" | "mcp" | "">("");
  const wanted = query.session ?? "";
  useEffect(() => void loadSessions(), [occasion.value]);
  useEffect(() => {
    if (wanted === current.value) return;
    if (!wanted) newSession();
    else {
      openSession(wanted).catch((error) => {
        const { status, message } = asError(error);
        tell(status === 404 ? t("missing") : message || t("notOpened"), { bad: true });
        if (status === 404) route("/agent", true);
      });
    }
  }, [wanted, occasion.value]);
  // A session gets its address with its first event.
  const id = current.value;
  useEffect(() => {
    if (id && wanted !== id && running.value) route(`/agent?session=${id}`, true);
  }, [id]);
  const title = sessions.value.find((each) => each.id === id)?.title || t("title");
  useEffect(() => {
    document.title = `${title} · kiro2chat`;
  }, [title]);
  const draft = `agent:${id || "new"}`;
  const off = offCount.value;
  usePageKeys({ fresh: { at: "/agent", run: newSession }, stop });
  return (
    <div class="chat-page">
      <SessionList />
      <main id="content" class="chat">
        <DropZone draft={draft}>
          <header class="head">
            <IconButton
              icon="list"
              class={columnHidden.value ? "list-toggle" : "list-toggle phone"}
              label={shell("openList")}
              onClick={() => {
                columnHidden.value = false;
                drawerOpen.value = true;
              }}
            />
            <ModelPicker value={model.value} onChoose={choose} />
            <span class="grow" />
            <HeadButton
              icon="tool"
              word={t("tools")}
              note={off === 0 ? "" : off === 1 ? t("toolOff") : t("toolsOff", { count: off })}
              onClick={() => setSheet("tools")}
            />
            <HeadButton icon="sliders" word={t("mcp")} onClick={() => setSheet("mcp")} />
          </header>
          {entries.value.length ? <Transcript title={title} /> : <Beginning draft={draft} />}
          <div class="composer-place">
            <Writer
              draft={draft}
              running={running.value !== null}
              onSend={(text, pictures) => {
                ask(text, pictures);
                return true;
              }}
              onStop={stop}
            />
          </div>
        </DropZone>
      </main>
      {sheet === "tools" && <AgentTools onClose={() => setSheet("")} />}
      {sheet === "mcp" && <McpEditor onClose={() => setSheet("")} />}
    </div>
  );
}

interface HeadButtonProps {
  icon: "tool" | "sliders";
  word: string;
  /** What is unusual about it. */
  note?: string;
  onClick: () => void;
}

function HeadButton({ icon, word, note = "", onClick }: HeadButtonProps) {
  const label = note ? `${word} · ${note}` : word;
  return (
    <button
      type="button"
      class={note ? "head-button on" : "head-button"}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <Icon name={icon} />
      <span class="wide-only">{label}</span>
    </button>
  );
}

function Beginning({ draft }: { draft: string }) {
  return (
    <div class="scroll">
      <div class="empty">
        <h1>{t("what")}</h1>
        <p class="empty-model">{t("about")}</p>
        <div class="examples">
          {(["example1", "example2", "example3", "example4"] as const).map((name) => (
            <button key={name} type="button" class="example" onClick={() => writeText(draft, t(name))}>
              {t(name)}
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}
