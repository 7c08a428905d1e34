/** A button with a list of things to do: arrows move, Escape closes and gives the focus back. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isComposing } from "../state/composing";
import { useFloating } from "./floating";
import { Icon, type IconName } from "./Icon";

export interface Item {
  label: string;
  /** One line more. */
  about?: string;
  icon?: IconName;
  checked?: boolean;
  danger?: boolean;
  run: () => void;
}

interface Props {
  label: string;
  /** What the button shows. */
  children: ComponentChildren;
  items: Item[] | (() => Item[]);
  class?: string;
  side?: "start" | "end";
  onOpen?: () => void;
}

export function Menu({ label, children, items, class: extra = "icon-button", side = "end", onOpen }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  useFloating(button, list, open, side);
  useDismissal(root, open, (byKey) => {
    setOpen(false);
    if (byKey) button.current?.focus();
  });
  useLayoutEffect(() => {
    if (open) root.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
  }, [open]);
  // Whatever had the focus may have given way to what is there now.
  useLayoutEffect(() => {
    if (open && document.activeElement === document.body)
      root.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open || isComposing(event)) return;
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === "Tab") setOpen(false);
    else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the menu within
    <div class="menu" ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        class={extra}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => {
          if (!open) onOpen?.();
          setOpen(!open);
        }}
      >
        {children}
      </button>
      {open && (
        <div id={id} ref={list} popover="manual" role="menu" aria-label={label} class="menu-list">
          {(typeof items === "function" ? items() : items).map((item) => (
            <button
              key={item.label}
              type="button"
              {...(item.checked === undefined
                ? { role: "menuitem" }
                : { role: "menuitemradio", "aria-checked": item.checked })}
              class={item.danger ? "menu-item danger" : "menu-item"}
              onClick={() => {
                setOpen(false);
                button.current?.focus();
                item.run();
              }}
            >
              {item.icon && <Icon name={item.icon} size={16} />}
              <span>
                {item.label}
                {item.about && <small>{item.about}</small>}
              </span>
              {item.checked && <Icon name="check" size={16} />}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Closes what is open by a click elsewhere, and by Escape wherever the focus is. */
export function useDismissal(
  root: { current: HTMLElement | null },
  active: boolean,
  close: (byKey: boolean) => void,
) {
  useEffect(() => {
    if (!active) return;
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close(false);
    };
    const onEscape = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || isComposing(event)) return;
      close(true);
      event.preventDefault();
      event.stopPropagation();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", onEscape, true);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("keydown", onEscape, true);
    };
  }, [active]);
}
