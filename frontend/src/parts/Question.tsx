/** A question: shown as a card, or being edited into another branch. */
import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Composition } from "../lib/ime";
import type { Chat, Turn } from "../lib/tree";
import { t } from "../lib/words/chat";
import { ask } from "../state/answers";
import { editing } from "../state/view";
import { Branches } from "./Branches";
import { CopyButton } from "./CopyButton";
import { IconButton } from "./IconButton";
import { Pictures } from "./Pictures";

interface Props {
  chat: Signal<Chat>;
  turn: Turn;
  siblings: Turn[];
}

export function Question({ chat, turn, siblings }: Props) {
  const isEdited = editing.value === turn.id;
  return (
    <article class="question" aria-label={t("you")}>
      <h2 class="unseen">{t("you")}</h2>
      {isEdited ? <Editor chat={chat} turn={turn} /> : <Card turn={turn} />}
      {!isEdited && (
        <div class="actions">
          <Branches chat={chat} turn={turn} siblings={siblings} />
          {turn.text && <CopyButton text={() => turn.text} label={t("copy")} />}
          <IconButton icon="edit" size={16} label={t("edit")} onClick={() => (editing.value = turn.id)} />
        </div>
      )}
    </article>
  );
}

const LONG = 3000; // characters after which a question is folded

function Card({ turn }: { turn: Turn }) {
  const [whole, setWhole] = useState(turn.text.length <= LONG);
  return (
    <div class="card">
      {turn.pictures && <Pictures pictures={turn.pictures} />}
      {turn.text && <p class="said">{whole ? turn.text : `${turn.text.slice(0, LONG)} …`}</p>}
      {!whole && (
        <button type="button" class="link" onClick={() => setWhole(true)}>
          {t("showAll")}
        </button>
      )}
    </div>
  );
}

function Editor({ chat, turn }: { chat: Signal<Chat>; turn: Turn }) {
  const [text, setText] = useState(turn.text);
  const [composition] = useState(() => new Composition());
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(turn.text.length, turn.text.length);
  }, []);
  const close = () => {
    editing.value = "";
  };
  const send = () => {
    if (!text.trim() && !turn.pictures?.length) return;
    close();
    ask(chat, turn.parent, text, turn.pictures ?? []);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey && !composition.holds(event, performance.now())) send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <form
      class="card editor"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {turn.pictures && <Pictures pictures={turn.pictures} />}
      <textarea
        ref={area}
        dir="auto"
        class="field"
        aria-label={t("editLabel")}
        value={text}
        rows={Math.min(12, text.split("\n").length + Math.floor(text.length / 70) + 1)}
        onInput={(event) => setText(event.currentTarget.value)}
        onCompositionStart={() => composition.start()}
        onCompositionEnd={() => composition.end(performance.now())}
        onKeyDown={onKeyDown}
      />
      <div class="row end">
        <button type="button" class="secondary" onClick={close}>
          {t("cancel")}
        </button>
        <button type="submit" class="primary">
          {t("saveEdit")}
        </button>
      </div>
    </form>
  );
}
