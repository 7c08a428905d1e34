import { useEffect, useState } from "preact/hooks";
import { duration } from "../lib/numbers";
import { t } from "../lib/words/chat";
import { Icon } from "./Icon";

interface Props {
  text: string;
  thinking?: boolean;
  /** Epoch milliseconds of the first thought, while it goes on. */
  since?: number;
  /** Milliseconds it took, when it is over. */
  took?: number;
}

/** What the model thought, folded into one muted line. */
export function Reasoning({ text, thinking = false, since = 0, took }: Props) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!thinking) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [thinking]);
  const time = duration(took ?? Math.max(0, now - since));
  return (
    <details class={thinking ? "reasoning thinking" : "reasoning"}>
      <summary>
        <Icon name="right" size={16} />
        {thinking ? `${t("thinking")} · ${time}` : t("thought", { time })}
      </summary>
      <div class="thoughts">{text}</div>
    </details>
  );
}
