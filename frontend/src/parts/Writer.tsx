/** A place to write a message with pictures in. Whatever is in it is kept with every letter. */
import { useEffect, useRef } from "preact/hooks";
import { KINDS } from "../lib/pictures";
import type { Picture } from "../lib/tree";
import { t } from "../lib/words/chat";
import { isComposing } from "../state/composing";
import { clearDraft, draftOf, setPictures, writeText } from "../state/drafts";
import { takePictures } from "../state/uploads";
import { IconButton } from "./IconButton";
import { Pictures } from "./Pictures";
import { lengthClass, refuse } from "./pasting";

interface Props {
  /** Under which the draft is kept. */
  draft: string;
  running: boolean;
  /** Whether it was sent; the draft is empty then. */
  onSend: (text: string, pictures: Picture[]) => boolean;
  onStop: () => void;
  /** ↑ in an empty field. */
  onUp?: () => void;
}

export function Writer({ draft, running, onSend, onStop, onUp }: Props) {
  const { text, pictures } = draftOf(draft);
  const area = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const written = text.value;
  useEffect(() => grow(area.current), [written]);
  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) area.current?.focus();
  }, [draft]);

  const send = () => {
    const said = /\S/.test(text.value) ? text.value : "";
    if (running || (!said && !pictures.value.length) || !onSend(said, pictures.value)) return;
    clearDraft(draft);
  };
  const add = (files: Iterable<File>) => void takePictures(draft, [...files]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && onUp && !text.value && !pictures.value.length) {
      event.preventDefault();
      onUp();
    }
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const pasted = event.clipboardData?.getData("text/plain") ?? "";
    if (pasted || !files.length) return void refuse(event);
    add(files);
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
              draft,
              pictures.value.filter((each) => each !== gone),
            )
          }
        />
      )}
      <textarea
        ref={area}
        dir="auto"
        class={lengthClass(written)}
        rows={1}
        value={written}
        placeholder={t("message")}
        aria-label={t("messageLabel")}
        onInput={(event) => writeText(draft, event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        onDrop={refuse}
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
          <IconButton icon="stop" class="send" label={t("stop")} onClick={onStop} />
        ) : (
          <IconButton
            icon="up"
            class="send"
            label={t("send")}
            type="submit"
            disabled={!/\S/.test(written) && !pictures.value.length}
          />
        )}
      </div>
    </form>
  );
}

/** Browsers without `field-sizing` are helped. */
function grow(area: HTMLTextAreaElement | null): void {
  if (!area || area.classList.contains("long") || CSS.supports("field-sizing", "content")) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}
