/** A question that is being edited into another branch. What was changed is a draft: it is still there after a look elsewhere. */
import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Chat, Turn } from "../lib/tree";
import { t } from "../lib/words/chat";
import { ask } from "../state/answers";
import { isComposing } from "../state/composing";
import { clearDraft, draftOf, setPictures, writeText } from "../state/drafts";
import { editing } from "../state/view";
import { Pictures } from "./Pictures";
import { lengthClass, refuse } from "./pasting";

export function Editor({ chat, turn }: { chat: Signal<Chat>; turn: Turn }) {
  const name = `edit:${turn.id}`;
  const draft = draftOf(name);
  const text = draft.text.value;
  const pictures = draft.pictures.value;
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    area.current?.focus();
    let current = true;
    void draft.read.then(() => {
      if (!current || draft.text.value || draft.pictures.value.length) return;
      writeText(name, turn.text);
      if (turn.pictures?.length) setPictures(name, turn.pictures);
      requestAnimationFrame(() => area.current?.setSelectionRange(turn.text.length, turn.text.length));
    });
    return () => {
      current = false;
    };
  }, []);
  const close = () => {
    editing.value = "";
    clearDraft(name);
    document.querySelector<HTMLElement>(".composer textarea")?.focus();
  };
  const send = () => {
    if (!/\S/.test(text) && !pictures.length) return;
    close();
    ask(chat, turn.parent, text, pictures);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return event.stopPropagation();
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.shiftKey) send();
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
      {pictures.length > 0 && (
        <Pictures
          pictures={pictures}
          onRemove={(gone) =>
            setPictures(
              name,
              pictures.filter((each) => each !== gone),
            )
          }
        />
      )}
      <textarea
        ref={area}
        dir="auto"
        class={`field ${lengthClass(text)}`}
        aria-label={t("editLabel")}
        value={text}
        rows={Math.min(12, text.split("\n", 12).length + Math.floor(text.length / 70) + 1)}
        onInput={(event) => writeText(name, event.currentTarget.value)}
        onPaste={refuse}
        onDrop={refuse}
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
