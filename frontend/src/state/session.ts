/** The link that the server printed, `…/#open=TOKEN`: traded for a session, and gone from the address at once. */
import { openSession } from "../lib/api";
import { t } from "../lib/words/shell";
import { tell } from "./notices";
import { look } from "./server";

export function openLink(): void {
  const token = /^#open=(.+)$/.exec(location.hash)?.[1];
  if (!token) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  openSession(decodeURIComponent(token)).then(
    () => {
      tell(t("sessionOpened"));
      void look();
    },
    () => tell(t("sessionRefused"), { bad: true }),
  );
}
