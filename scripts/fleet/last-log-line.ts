import { readFileSync } from 'node:fs'

/** The last line of a log that says something: its message where it is JSON. '' when there is none. */
export function lastLogLine(file: string): string {
  const line = read(file).trimEnd().split('\n').at(-1) ?? ''
  try {
    const { msg, error, err } = JSON.parse(line) as { msg?: unknown; error?: unknown; err?: { message?: unknown } }
    return [msg, error, err?.message].filter(part => typeof part === 'string').join(': ') || line
  } catch {
    return line.trim()
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
