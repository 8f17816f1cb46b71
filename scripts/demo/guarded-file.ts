import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The smallest resource that checks fencing tokens: a file that takes a line from whoever has the greatest token so far,
 * or a greater one. The lock makes the look and the write one step.
 */
const script = `#!/bin/sh
# Adds a line to report.txt, unless a greater fencing token has written there before.
cd "$(dirname "$0")"
exec 9>>report.lock
flock 9
greatest=$(tail -n 1 report.txt 2>/dev/null | cut -d ' ' -f 1)
if [ "$LEASEHOLD_FENCING_TOKEN" -lt "\${greatest:-0}" ]; then
  echo "refused: the token $LEASEHOLD_FENCING_TOKEN is smaller than $greatest, which has written here"
  exit 1
fi
echo "$LEASEHOLD_FENCING_TOKEN $LEASEHOLD_HOLDER_IDENTITY" >> report.txt
`

/** A line of the report: who wrote it, under which fencing token. */
export interface Entry {
  readonly token: number
  readonly writer: string
}

/** A report that the leaders' commands write to, and that refuses whoever led before. */
export class GuardedFile {
  /** The program that adds a line, with the token of its environment. */
  readonly program: string
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
    this.program = join(directory, 'write-report')
    writeFileSync(this.program, script, { mode: 0o755 })
  }

  /** A leader's work: it tells its process group, then writes again and again until it is ended or refused. */
  work(): string[] {
    const loop = 'echo $$ > "$0.$LEASEHOLD_HOLDER_IDENTITY"; while "$0"; do sleep 0.2; done'
    return ['sh', '-c', loop, this.program]
  }

  /** The process group of a leader's work; undefined until it runs. */
  groupOf(leader: string): number | undefined {
    const file = `${this.program}.${leader}`
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    return text.endsWith('\n') ? Number(text) : undefined
  }

  entries(): Entry[] {
    const file = join(this.#directory, 'report.txt')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
    return lines.map(line => {
      const [token = '', writer = ''] = line.split(' ')
      return { token: Number(token), writer }
    })
  }

  /** Writes as somebody who still believes to lead. */
  write({ token, writer }: Entry): { isRefused: boolean; output: string } {
    const env = { ...process.env, LEASEHOLD_FENCING_TOKEN: String(token), LEASEHOLD_HOLDER_IDENTITY: writer }
    const { status, stdout } = spawnSync(this.program, { env, encoding: 'utf8' })
    return { isRefused: status === 1, output: stdout }
  }
}
