/** The frame around every page: the rail (a bar at the bottom of a phone), strips that say what is unusual, notices. */
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { reachable } from "../lib/api";
import { language } from "../lib/t";
import { t } from "../lib/words/shell";
import { chatAddress } from "../state/chats";
import { chooseLanguage } from "../state/language";
import { loginState } from "../state/server";
import { chooseTheme, type Theme, theme } from "../state/theme";
import { sheet } from "../state/view";
import { Icon, type IconName } from "./Icon";
import { KeyGate } from "./KeyGate";
import { Menu } from "./Menu";
import { Notices } from "./Notices";
import { Shortcuts } from "./Shortcuts";
import { useShortcuts } from "./shortcuts";

const PAGES = [
  ["/", "chat"],
  ["/agent", "agent"],
  ["/monitor", "monitor"],
  ["/settings", "settings"],
  ["/login", "login"],
] as const satisfies readonly (readonly [string, IconName])[];

const LOGIN = {
  demo: "loginDemo",
  good: "loginGood",
  soon: "loginSoon",
  ended: "loginEnded",
  missing: "loginMissing",
  unknown: "loginUnknown",
} as const;

export function Shell({ children }: { children: ComponentChildren }) {
  const state = loginState.value;
  const { path } = useLocation();
  useShortcuts();
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {t("skip")}
      </a>
      <nav class="rail" aria-label={t("pages")}>
        <img class="mark" src="/favicon.svg" width="28" height="28" alt="kiro2chat" />
        {PAGES.map(([href, name]) => (
          <a
            key={href}
            href={href === "/" ? chatAddress.value : href}
            class="rail-link"
            aria-current={path === href ? "page" : undefined}
          >
            <Icon name={name} size={22} />
            <span class="rail-word">{t(name)}</span>
          </a>
        ))}
        <span class="rail-space" />
        <Menu label={t("language")} class="rail-link small" side="start" items={languages}>
          <Icon name="globe" size={20} />
        </Menu>
        <Menu label={t("theme")} class="rail-link small" side="start" items={themes}>
          <Icon name="sun" size={20} />
        </Menu>
        <a href="/login" class="rail-link small" aria-label={t(LOGIN[state])} title={t(LOGIN[state])}>
          <span class={`dot ${state}`} />
        </a>
      </nav>
      <div class="room">
        <Strip />
        <KeyGate />
        {children}
      </div>
      <Notices />
      {sheet.value === "shortcuts" && (
        <Shortcuts
          onClose={() => {
            sheet.value = "";
          }}
        />
      )}
    </div>
  );
}

function Strip() {
  if (!reachable.value) {
    return (
      <div class="strip bad" role="alert">
        {t("offline")}
      </div>
    );
  }
  if (loginState.value !== "demo") return null;
  return (
    <aside class="strip demo" aria-label={t("loginDemo")}>
      <span>{t("demo")}</span> <a href="/login">{t("demoLogin")}</a>
    </aside>
  );
}

function languages() {
  return [
    { label: "English", checked: language.value === "en", run: () => chooseLanguage("en") },
    { label: "中文", checked: language.value === "zh", run: () => chooseLanguage("zh") },
  ];
}

function themes() {
  const words: [Theme, Parameters<typeof t>[0]][] = [
    ["system", "themeSystem"],
    ["light", "themeLight"],
    ["dark", "themeDark"],
  ];
  return words.map(([value, word]) => ({
    label: t(word),
    checked: theme.value === value,
    run: () => chooseTheme(value),
  }));
}
