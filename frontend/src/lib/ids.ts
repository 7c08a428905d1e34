/** Names for conversations and turns. `crypto.randomUUID` is missing where the page came over plain HTTP from elsewhere. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
