/** The units of a duration's text in ms, the greatest first. */
const units: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
])

const part = /(\d+(?:\.\d+)?)(ms|h|m|s)/y

/**
 * Reads a duration as people type it: `15s`, `1m30s`, `500ms`, `1.5h`, `0`.
 *
 * @returns milliseconds, rounded to whole ones.
 * @throws Error whose message quotes the text and shows the form.
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  let totalMs = 0
  part.lastIndex = 0
  while (part.lastIndex < text.length) {
    const match = part.exec(text)
    if (!match) throw notDuration(text)
    totalMs += Number(match[1]) * (units.get(match[2] ?? '') ?? 0)
  }
  if (text === '' || !Number.isSafeInteger(Math.round(totalMs))) throw notDuration(text)
  return Math.round(totalMs)
}

/** Writes a duration in the form that parseDuration reads, in whole ms: `1m30s`, `500ms`, `0s`. */
export function formatDuration(durationMs: number): string {
  let restMs = Math.round(durationMs)
  let text = ''
  for (const [unit, unitMs] of units) {
    const count = Math.floor(restMs / unitMs)
    if (count > 0) text += `${count}${unit}`
    restMs -= count * unitMs
  }
  return text || '0s'
}

const notDuration = (text: string): Error =>
  new Error(`"${text}" is not a duration: write it as in 15s, 1m30s or 500ms`)
