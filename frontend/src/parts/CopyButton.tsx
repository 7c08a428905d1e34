import { useState } from "preact/hooks";
import { copyText } from "../lib/clipboard";
import { t } from "../lib/words/chat";
import { IconButton } from "./IconButton";

interface Props {
  text: () => string;
  label: string;
  onCopied?: () => void;
}

/** Copies a text, and says that it did. */
export function CopyButton({ text, label, onCopied }: Props) {
  const [done, setDone] = useState(false);
  const run = async () => {
    if (!(await copyText(text()))) return;
    setDone(true);
    onCopied?.();
    setTimeout(() => setDone(false), 1600);
  };
  return (
    <IconButton icon={done ? "check" : "copy"} size={16} label={done ? t("copied") : label} onClick={run} />
  );
}
