/** Where messages are written. Whatever is in it is kept with every letter. */
import type { Signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Composition } from "../lib/ime";
import { size } from "../lib/numbers";
import { KINDS } from "../lib/pictures";
import { type Chat, path } from "../lib/tree";
import { t } from "../lib/words/chat";
import { ask, growing, stop } from "../state/answers";
import { modelOf } from "../state/chats";
import { draftOf, setPictures, writeText } from "../state/drafts";
import { modelNamed } from "../state/models";
import { tell } from "../state/notices";
import { takePictures } from "../state/uploads";
import { editing } from "../state/view";
import { IconButton } from "./IconButton";
import { Pictures } from "./Pictures";

const LONGEST = 4_000_000; // characters: what the largest context takes

interface Props {
  chat: Signal<Chat>;
}

export function Composer({ chat }: Props) {
  const value = chat.value;
  const turns = path(value);
  const draftId = turns.length ? value.id : "new";
  const { text, pictures } = draftOf(draftId);
  const running = turns.find((turn) => growing.value.has(turn.id));
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [composition] = useState(() => new Composition());
  const written = text.value;
  useEffect(() => grow(area.current), [written]);
  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) area.current?.focus();
  }, [value.id]);

  const send = () => {
    const said = text.value.trim() ? text.value : "";
    if (running || (!said && !pictures.value.length)) return;
    if (pictures.value.length && modelNamed(modelOf(value))?.input_modalities.includes("image") === false) {
      tell(t("noPictures", { model: modelOf(value) }), { bad: true });
      return;
    }
    ask(chat, turns.at(-1)?.id ?? "", said, pictures.value);
    writeText(draftId, "");
    setPictures(draftId, []);
  };
  const add = (files: Iterable<File>) => void takePictures(draftId, [...files]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !composition.holds(event, performance.now())) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !text.value && !pictures.value.length) {
      const last = turns.findLast((turn) => turn.role === "user");
      if (!last) return;
      event.preventDefault();
      editing.value = last.id;
    }
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    if (files.length && !pasted) add(files);
    else if (pasted.length + text.value.length > LONGEST) {
      tell(t("textTooLarge", { size: size(pasted.length), limit: size(LONGEST) }), { bad: true });
    } else return;
    event.preventDefault();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {pictures.value.length > 0 && (
        <Pictures
          pictures={pictures.value}
          onRemove={(gone) =>
            setPictures(
              draftId,
              pictures.value.filter((each) => each !== gone),
            )
          }
        />
      )}
      <textarea
        ref={area}
        rows={1}
        value={written}
        placeholder={t("message")}
        aria-label={t("messageLabel")}
        onInput={(event) => writeText(draftId, event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        onCompositionStart={() => composition.start()}
        onCompositionEnd={() => composition.end(performance.now())}
      />
      <div class="composer-row">
        <IconButton icon="clip" label={t("attach")} onClick={() => picker.current?.click()} />
        <input
          ref={picker}
          type="file"
          hidden
          multiple
          accept={KINDS.join(",")}
          onChange={(event) => {
            add(event.currentTarget.files ?? []);
            event.currentTarget.value = "";
          }}
        />
        <span class="grow" />
        {running ? (
          <IconButton icon="stop" class="send" label={t("stop")} onClick={() => stop(running.id)} />
        ) : (
          <IconButton
            icon="up"
            class="send"
            label={t("send")}
            type="submit"
            disabled={!written.trim() && !pictures.value.length}
          />
        )}
      </div>
    </form>
  );
}

/** Browsers without `field-sizing` are helped. */
function grow(area: HTMLTextAreaElement | null): void {
  if (!area || CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
