import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { t } from "../lib/words/chat";
import { takePictures } from "../state/uploads";

/** Takes pictures that are dragged anywhere over it. */
export function DropZone({ draft, children }: { draft: string; children: ComponentChildren }) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const isFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const move = (event: DragEvent, by: number) => {
    if (!isFiles(event)) return;
    depth.current += by;
    setOver(depth.current > 0);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: whoever does not drag has the button and paste
    <div
      class={over ? "drop over" : "drop"}
      onDragEnter={(event) => move(event, 1)}
      onDragLeave={(event) => move(event, -1)}
      onDragOver={(event) => isFiles(event) && event.preventDefault()}
      onDrop={(event) => {
        if (!isFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        void takePictures(draft, [...(event.dataTransfer?.files ?? [])]);
      }}
    >
      {children}
      {over && <div class="drop-hint">{t("dropHere")}</div>}
    </div>
  );
}
