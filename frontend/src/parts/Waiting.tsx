import { useEffect, useState } from "preact/hooks";
import { duration } from "../lib/numbers";
import { t } from "../lib/words/chat";

/** Before the first word: a caret at once, and quiet seconds after two of them. */
export function Waiting({ since }: { since: number }) {
  const [now, setNow] = useState(since);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="waiting">
      <span class="caret" />
      {now - since >= 2000 && <span>{t("waiting", { time: duration(now - since) })}</span>}
    </p>
  );
}
