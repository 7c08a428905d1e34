/** A question: shown as a card, or being edited into another branch. */
import type { Signal } from "@preact/signals";
import { useState } from "preact/hooks";
import type { Chat, Turn } from "../lib/tree";
import { t } from "../lib/words/chat";
import { editing } from "../state/view";
import { Branches } from "./Branches";
import { CopyButton } from "./CopyButton";
import { Editor } from "./Editor";
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
    <article class="question" aria-label={t("you")} data-turn={turn.id}>
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
