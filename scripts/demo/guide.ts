import type { Clock } from '../../clock/clock.js'
import { untilReady } from '../fleet/until-ready.js'

/** How long something that the tour claims may take on a slow machine. */
const boundMs = 60_000

/** Something that the tour claims is not so. */
export class ClaimFailed extends Error {
  override readonly name = 'ClaimFailed'
}

/** What leads through the tour: it tells, shows, waits, and claims nothing that it has not seen. */
export class Guide {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #write: (text: string) => void
  #step = 0
  #printed = ''

  constructor(options: { clock: Clock; signal: AbortSignal; write: (text: string) => void }) {
    this.#clock = options.clock
    this.#signal = options.signal
    this.#write = options.write
  }

  /** Begins the next step. */
  step(title: string): void {
    this.#step += 1
    this.#print('step', [`${this.#step}. ${title}`], '')
  }

  say(...lines: string[]): void {
    this.#print('text', lines)
  }

  /** What a command printed, as it did. */
  show(command: string, output: string): void {
    this.say(`$ ${command}`, ...output.trimEnd().split('\n'))
  }

  /** @throws ClaimFailed with what was seen, unless it is so. */
  claim(text: string, isSo: boolean, seen: string): void {
    if (!isSo) throw new ClaimFailed(`not so: ${text}; seen: ${seen}`)
    this.#print('claim', [`✔ ${text}`])
  }

  /**
   * Waits until a look finds something; a look that throws, as into a coordinator that starts, has found nothing.
   *
   * @throws ClaimFailed when it does not within a generous bound, with what was seen last.
   */
  async until<T>(text: string, look: () => Promise<T | undefined> | T | undefined, seen: () => string): Promise<T> {
    let found: T | undefined
    const isFound = async (): Promise<boolean> => {
      try {
        found = await look()
      } catch {
        return false
      }
      return found !== undefined
    }
    await untilReady(isFound, { clock: this.#clock, boundMs, signal: this.#signal })
    if (found === undefined) throw new ClaimFailed(`not within ${boundMs / 1_000} s: ${text}; seen: ${seen()}`)
    return found
  }

  /** An empty line stands before everything but a claim after a claim. */
  #print(kind: 'step' | 'text' | 'claim', lines: readonly string[], indent = '   '): void {
    const gap = kind === 'claim' && this.#printed === 'claim' ? '' : '\n'
    this.#printed = kind
    this.#write(`${gap}${lines.map(line => `${indent}${line}\n`).join('')}`)
  }
}
