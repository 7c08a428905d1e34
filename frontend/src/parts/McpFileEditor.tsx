/** One mcp.json while it is written. Whatever is said below the text is of this very text, or not said. */
import { useEffect, useState } from "preact/hooks";
import type { AgentServer, McpFile, McpProblem } from "../lib/wire";
import { t } from "../lib/words/agent";
import { asError } from "../state/admitted";
import { check, discard, loadFiles, tryOut, type, typed, type Which, write } from "../state/agentFiles";
import { tell } from "../state/notices";
import { ServerState } from "./AgentTools";

const EMPTY = '{\n  "mcpServers": {}\n}\n';
const PAUSE = 400; // milliseconds after the last letter, before the text is looked at

/** What came of a text. */
interface Of<T> {
  text: string;
  result: T;
}

export function McpFileEditor({ which, file }: { which: Which; file: McpFile }) {
  const kept = file.text ?? EMPTY;
  const draft = typed.value[which];
  const text = draft?.text ?? kept;
  const isChanged = text !== kept;
  const isOver = isChanged && draft !== undefined && draft.version !== file.version;
  const [tried, setTried] = useState<Of<AgentServer[]>>();
  const [failed, setFailed] = useState<Of<string>>();
  const [busy, setBusy] = useState(false);
  const checked = useChecked(which, text, isChanged);
  const found = isChanged ? checked : { text, result: file.problems };
  const problems = found?.text === text && Array.isArray(found.result) ? found.result : [];
  const doing = (work: Promise<unknown>) => {
    setBusy(true);
    setFailed(undefined);
    work
      .catch(
        (error: unknown) =>
          asError(error).status !== 409 && setFailed({ text, result: asError(error).message }),
      )
      .finally(() => setBusy(false));
  };
  const save = (version: string) => doing(write(which, text, version).then(() => tell(t("saved"))));
  return (
    <div class="mcp-editor">
      {file.text === null && file.problems.length > 0 && <p class="hint">{t("notJson")}</p>}
      {isOver && (
        <Meanwhile which={which} theirs={file.text} busy={busy} onWrite={() => save(file.version)} />
      )}
      <textarea
        class="field mcp-text"
        rows={14}
        spellcheck={false}
        aria-label={t("fileText")}
        value={text}
        onInput={({ currentTarget: { value } }) =>
          value === kept ? discard(which) : type(which, value, file.version)
        }
      />
      <p class="hint">{t("secretsHidden")}</p>
      <ul class="mcp-problems" aria-live="polite">
        {problems.map((problem) => (
          <li key={`${problem.member}${problem.message}`}>
            {problem.line === null
              ? problem.message
              : t("line", { line: problem.line, message: problem.message })}
          </li>
        ))}
        {isChanged && <Verdict text={text} checked={checked} />}
        {failed?.text === text && <li role="alert">{failed.result}</li>}
      </ul>
      {tried?.text === text && (
        <ul class="mcp-tried">
          {tried.result.map((server) => (
            <li key={server.name}>
              <strong>{server.name}</strong> <ServerState server={server} />
              {server.error && <pre class="server-error">{server.error}</pre>}
            </li>
          ))}
        </ul>
      )}
      <div class="row">
        <button
          type="button"
          class="primary"
          disabled={busy || isOver || !isChanged || problems.some((problem) => !problem.note)}
          onClick={() => save(draft?.version ?? file.version)}
        >
          {t("save")}
        </button>
        <button
          type="button"
          class="secondary"
          disabled={busy}
          onClick={() => doing(tryOut(which, text).then((result) => setTried({ text, result })))}
        >
          {t("tryOut")}
        </button>
        {isChanged && !isOver && (
          <button
            type="button"
            class="link"
            disabled={busy}
            onClick={() => {
              discard(which);
              void loadFiles();
            }}
          >
            {t("discard")}
          </button>
        )}
        {busy && <span class="spinner" />}
      </div>
    </div>
  );
}

type Checked = Of<McpProblem[] | string> | undefined;

/** What the server finds in a text, a moment after its last letter; why it could not be asked is a text. */
function useChecked(which: Which, text: string, isChanged: boolean): Checked {
  const [checked, setChecked] = useState<Checked>();
  useEffect(() => {
    if (!isChanged) return;
    const timer = setTimeout(async () => {
      const result = await check(which, text).then(
        ({ problems }) => problems,
        (error: unknown) => asError(error).message || t("notChecked"),
      );
      setChecked({ text, result });
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [which, text, isChanged]);
  return checked;
}

function Verdict({ text, checked }: { text: string; checked: Checked }) {
  if (checked?.text !== text) return <li class="hint-line">{t("checking")}</li>;
  if (typeof checked.result === "string") return <li>{checked.result}</li>;
  return checked.result.length ? null : <li class="good">{t("noProblems")}</li>;
}

interface MeanwhileProps {
  which: Which;
  theirs: string | null;
  busy: boolean;
  onWrite: () => void;
}

/** Somebody else wrote the file since this text was begun. */
function Meanwhile({ which, theirs, busy, onWrite }: MeanwhileProps) {
  return (
    <section class="banner bad mcp-meanwhile" role="alert" aria-label={t("meanwhile")}>
      <p>{t("meanwhile")}</p>
      <details>
        <summary>{t("theirs")}</summary>
        <pre>{theirs ?? t("theirsNone")}</pre>
      </details>
      <div class="row">
        <button type="button" class="secondary" disabled={busy} onClick={() => discard(which)}>
          {t("useTheirs")}
        </button>
        <button type="button" class="secondary" disabled={busy} onClick={onWrite}>
          {t("writeMine")}
        </button>
      </div>
    </section>
  );
}
