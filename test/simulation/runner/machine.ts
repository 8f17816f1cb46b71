import { cpus } from 'node:os'

/** Where and when figures were made. */
export interface Machine {
  readonly date: string
  readonly processors: string
  readonly node: string
}

export function machine(): Machine {
  const [first] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    processors: `${cpus().length} × ${first?.model ?? 'unknown'}`,
    node: process.version,
  }
}
