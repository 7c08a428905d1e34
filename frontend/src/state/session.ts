/** The link that the server printed, `…/#open=TOKEN`: traded for a session, and gone from the address at once. */
import { signal } from "@preact/signals";
import { openSession } from "../lib/api";
import { t } from "../lib/words/shell";
import { tell } from "./notices";

/** How many sessions were opened since the page was loaded. */
export const opened = signal(0);

export function openLink(): void {
  const token = /^#open=(.+)$/.exec(location.hash)?.[1];
  if (!token) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  openSession(decodeURIComponent(token)).then(
    () => {
      tell(t("sessionOpened"));
      opened.value++;
    },
    () => tell(t("sessionRefused"), { bad: true }),
  );
}
