/** The column of an agent's session: questions as cards, work as steps. */
import { t } from "../lib/words/agent";
import { t as chat } from "../lib/words/chat";
import { current, entries, running } from "../state/agent";
import { Icon } from "./Icon";
import { Pictures } from "./Pictures";
import { Steps } from "./Steps";
import { useStick } from "./useStick";

export function Transcript({ title }: { title: string }) {
  const all = entries.value;
  const { box, content, away, toEnd } = useStick(current.value || "new", all.length);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by the arrows
    <div class="scroll" ref={box} tabIndex={0} role="region" aria-label={t("sessions")}>
      <h1 class="unseen">{title}</h1>
      <div class="column" ref={content}>
        {all.map((entry, at) =>
          entry.role === "user" ? (
            <article key={at} class="question" aria-label={t("you")}>
              <h2 class="unseen">{t("you")}</h2>
              <div class="card">
                {entry.pictures.length > 0 && <Pictures pictures={entry.pictures} />}
                {entry.text && <p class="said">{entry.text}</p>}
              </div>
            </article>
          ) : (
            <Steps key={at} work={entry} last={at === all.length - 1} />
          ),
        )}
      </div>
      {away && (
        <button
          type="button"
          class="to-end"
          onClick={toEnd}
          aria-label={chat("newText")}
          title={chat("newText")}
        >
          <Icon name="arrowDown" size={16} />
          {running.value && <span>{chat("newText")}</span>}
        </button>
      )}
    </div>
  );
}
