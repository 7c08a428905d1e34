/** Conversations that the database had no room for: written once it has, which the next write that succeeds shows. */

const ids = new Set<string>();
let writing = false;

export function missed(id: string): void {
  ids.add(id);
}

export function isMissed(id: string): boolean {
  return ids.has(id);
}

/** A write succeeded: `write` tries the others, one after another, until one fails again. */
export async function caughtUp(id: string, write: (id: string) => Promise<boolean>): Promise<void> {
  ids.delete(id);
  if (writing) return;
  writing = true;
  try {
    for (const other of [...ids]) {
      if (!(await write(other))) break;
      ids.delete(other);
    }
  } finally {
    writing = false;
  }
}
