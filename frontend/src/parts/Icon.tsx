/** The drawn lines of the page: 24 units, strokes of 1.5, in the colour of the text. */
const PATHS = {
  chat: "M20 12a7.5 7.5 0 0 1-7.5 7.5H5l1.6-3A7.5 7.5 0 1 1 20 12Z",
  agent: "M14.5 6.5a4 4 0 0 0-5 5L4 17v3h3l5.5-5.5a4 4 0 0 0 5-5L15 12l-3-3 2.5-2.5Z",
  monitor: "M4 19V5M4 19h16M7.5 15l3.5-4.5 3 2.5 4.5-6",
  settings: "M5 7h8M17 7h2M5 17h2M11 17h8M15 9.5v-5M9 19.5v-5",
  login: "M12 12a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM5.5 19.5a6.5 6.5 0 0 1 13 0",
  plus: "M12 5v14M5 12h14",
  search: "M11 17a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM15.5 15.5 20 20",
  list: "M4 7h16M4 12h16M4 17h10",
  down: "m6 9.5 6 6 6-6",
  left: "m14.5 6-6 6 6 6",
  right: "m9.5 6 6 6-6 6",
  up: "M12 19V5M6 11l6-6 6 6",
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  stop: "M7 7h10v10H7Z",
  clip: "m19 11-7.5 7.5a4.5 4.5 0 0 1-6.4-6.4l7.8-7.8a3 3 0 0 1 4.3 4.3L9.6 16a1.4 1.4 0 0 1-2-2L14 7.5",
  copy: "M9 9h10v11H9ZM15 9V4H5v11h4",
  check: "m5 12.5 4.5 4.5L19 7.5",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
  edit: "M5 19h3L19 8l-3-3L5 16v3ZM14 7l3 3",
  more: "M5.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0ZM11.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0ZM17.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0Z",
  close: "M6 6l12 12M18 6 6 18",
  pin: "M9 4h6l-1 6 3 3v2H7v-2l3-3-1-6ZM12 15v5",
  bin: "M5 7h14M9 7V4.5h6V7M7 7l1 13h8l1-13",
  sliders: "M5 8h6M15 8h4M5 16h2M11 16h8M13 6v4M9 14v4",
  wrap: "M4 7h16M4 12h13a3 3 0 0 1 0 6h-4M15 15.5 12.5 18l2.5 2.5M4 17h5",
  tool: "M14.5 6.5a4 4 0 0 0-5 5L4 17v3h3l5.5-5.5a4 4 0 0 0 5-5L15 12l-3-3 2.5-2.5Z",
  alert: "M12 4 3.5 19h17L12 4ZM12 10v4M12 16.5v.01",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1 1M17.4 17.4l1 1M5.6 18.4l1-1M17.4 6.6l1-1",
  globe:
    "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM3.5 12h17M12 3.5c2.5 2.5 3.5 5.5 3.5 8.5s-1 6-3.5 8.5c-2.5-2.5-3.5-5.5-3.5-8.5s1-6 3.5-8.5Z",
  keyboard: "M3.5 7h17v10h-17ZM7 10.5h.01M11 10.5h.01M15 10.5h.01M8 14h8",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
