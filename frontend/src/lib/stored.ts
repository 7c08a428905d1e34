/** Small values that outlive the page, in localStorage. A browser that refuses it (private mode, full) loses only these. */

export function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Whether it was kept. An empty value takes it out. */
export function write(name: string, value: string): boolean {
  try {
    if (value) localStorage.setItem(name, value);
    else localStorage.removeItem(name);
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
