import { useState } from "preact/hooks";
import { copyText } from "../lib/clipboard";
import { t } from "../lib/words/chat";
import { IconButton } from "./IconButton";

/** Copies a text, and says that it did. */
export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [done, setDone] = useState(false);
  const run = async () => {
    if (!(await copyText(text()))) return;
    setDone(true);
    setTimeout(() => setDone(false), 1600);
  };
  return (
    <IconButton icon={done ? "check" : "copy"} size={16} label={done ? t("copied") : label} onClick={run} />
  );
}
