/** Pictures on their way into a message: checked, and scaled down to what models look at anyway. */
import type { Picture } from "./tree";

export const KINDS = ["image/png", "image/jpeg", "image/gif", "image/webp"];
export const LARGEST = 20_000_000; // bytes of a file; the browser must decode it
export const MOST = 10; // to a message
const EDGE = 1568; // pixels; models scale down what is longer
const LIGHT = 700_000; // bytes that go as they are, if the edges fit

export type Refusal = "kind" | "large" | "unreadable";

export async function pictureOf(file: File): Promise<Picture | Refusal> {
  if (!KINDS.includes(file.type)) return "kind";
  if (file.size > LARGEST) return "large";
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return "unreadable";
  const name = file.name || "image";
  const scale = Math.min(1, EDGE / Math.max(bitmap.width, bitmap.height));
  try {
    if (scale === 1 && file.size <= LIGHT) return { name, url: await dataUrl(file) };
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d");
    if (!context) return "unreadable";
    context.fillStyle = "#fff"; // JPEG knows no transparency, and black would hide dark letters
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return { name, url: canvas.toDataURL("image/jpeg", 0.88) };
  } finally {
    bitmap.close();
  }
}

function dataUrl(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
