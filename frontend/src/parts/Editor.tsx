/**
 * A question that is being edited into another branch. What was changed is a draft: it is still there after a look
 * elsewhere. What was not is none, and is kept nowhere else.
 */
import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Chat, Picture, Turn } from "../lib/tree";
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
  const [touched, setTouched] = useState(false);
  const isDraft = touched || draft.text.value !== "" || draft.pictures.value.length > 0;
  const asked = { text: turn.text, pictures: turn.pictures ?? NONE };
  const { text, pictures } = isDraft ? { text: draft.text.value, pictures: draft.pictures.value } : asked;
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    area.current?.focus();
    area.current?.setSelectionRange(text.length, text.length);
  }, []);
  const write = (text: string, pictures: Picture[]) => {
    const isChanged = text !== asked.text || pictures !== asked.pictures;
    setTouched(isChanged);
    if (!isChanged) return clearDraft(name);
    writeText(name, text);
    if (pictures !== draft.pictures.value) setPictures(name, pictures);
  };
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
            write(
              text,
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
        onInput={(event) => write(event.currentTarget.value, pictures)}
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

const NONE: Picture[] = [];
