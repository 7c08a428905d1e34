/** Small values that outlive the page, in localStorage. A browser that refuses it (private mode, full) loses only these. */

/** The storage of this tab alone: a reload leaves it, closing the tab does not. */
export const ofTab = () => sessionStorage;
const ofBrowser = () => localStorage;

export function read(name: string, storage = ofBrowser): string | null {
  try {
    return storage().getItem(name);
  } catch {
    return null;
  }
}

/** Whether it was kept. An empty value takes it out. */
export function write(name: string, value: string, storage = ofBrowser): boolean {
  try {
    if (value) storage().setItem(name, value);
    else storage().removeItem(name);
    return true;
  } catch {
    return false;
  }
}

/** A value that was kept as JSON, if `is` recognises it. */
export function readJson<T>(name: string, is: (value: unknown) => value is T, otherwise: T): T {
  try {
    const value: unknown = JSON.parse(read(name) ?? "null");
    return is(value) ? value : otherwise;
  } catch {
    return otherwise;
  }
}
