// Requests: the token is kept here and nowhere else; of several questions the last one wins.

import { oneLine } from "./elements.js";

const PATIENCE = 3; // times that a busy server is asked again

let token = null;

/** What the server said when it did not answer. */
export class Refused extends Error {
  constructor(status, detail, pointer = null, after = null) {
    super(detail);
    Object.assign(this, { status, pointer, after });
  }
}

/** Bring this token from now on. */
export function bring(words) {
  token = words;
}

/** What the model wants. */
export const askSpec = () => asked("spec", {});

/** The answer to a body; `signal` gives it up. */
export async function askAnswer(body, signal) {
  for (let left = PATIENCE; ; left--) {
    try {
      return await asked("predict", { method: "POST", body, signal, headers: { "content-type": "application/json" } });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 503 || left === 0) throw error;
      await paused(Math.min(error.after ?? 1, 10), signal);
    }
  }
}

async function asked(path, { headers = {}, ...more }) {
  const own = token === null ? headers : { ...headers, authorization: `Bearer ${token}` };
  let answer;
  try {
    answer = await fetch(path, { ...more, headers: own, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server does not answer. Is it still running?");
  }
  const found = await answer.json().catch(() => null);
  if (answer.ok && found !== null) return found;
  const detail = typeof found?.detail === "string" ? oneLine(found.detail) : `The server answered with status ${answer.status}.`;
  throw new Refused(answer.status, detail, found?.pointer ?? null, Number(answer.headers.get("retry-after")) || null);
}

function paused(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}
