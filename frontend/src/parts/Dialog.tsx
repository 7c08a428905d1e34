/** A modal sheet. The browser's own dialog keeps the focus inside, closes by Escape and gives the focus back. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../lib/words/chat";
import { IconButton } from "./IconButton";

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  wide?: boolean;
  /** Only a button within closes it: what is in it cannot be had again. */
  held?: boolean;
}

export function Dialog({ title, onClose, children, wide = false, held = false }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class={wide ? "dialog wide" : "dialog"}
      aria-labelledby={id}
      onClose={onClose}
      onClick={(event) => !held && event.target === dialog.current && dialog.current?.close()}
      onKeyDown={(event) => held && event.key === "Escape" && event.preventDefault()}
      onCancel={(event) => held && event.preventDefault()}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={id}>{title}</h2>
          {!held && <IconButton icon="close" label={t("close")} onClick={() => dialog.current?.close()} />}
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** Closes the sheet that a button stands in. */
export function shut(event: Event): void {
  (event.currentTarget as HTMLElement).closest("dialog")?.close();
}
