import type { Random } from '../../../clock/random.js'
import type { Journal } from './journal.js'
import { openLmdbJournal } from './lmdb-journal.js'
import { MemoryStore, openMemoryJournal } from './memory-journal.js'

/** What a home may need from the composition root. */
export interface JournalDeps {
  readonly random: Random
}

/** A home takes what follows its name and the colon. */
type Home = (place: string, deps: JournalDeps) => Promise<Journal>

const homes = new Map<string, Home>([
  [
    'memory',
    async (place, { random }) => {
      if (place !== '') throw new JournalSpecError(`memory: takes nothing after the colon, not "${place}"`)
      return openMemoryJournal(new MemoryStore(random))
    },
  ],
  [
    'lmdb',
    async (place, { random }) => {
      if (place === '') throw new JournalSpecError('lmdb: needs a directory, as in lmdb:./data')
      return openLmdbJournal(place, { random })
    },
  ],
])

/**
 * Opens the journal that a configuration names: `memory:` or `lmdb:DIRECTORY`.
 * @throws JournalSpecError when it names none.
 */
export async function openJournal(spec: string, deps: JournalDeps): Promise<Journal> {
  const colon = spec.indexOf(':')
  const home = colon < 0 ? undefined : homes.get(spec.slice(0, colon))
  if (!home) throw new JournalSpecError(`"${spec}" is neither memory: nor lmdb:DIRECTORY`)
  return home(spec.slice(colon + 1), deps)
}

/** The configuration's key `journal` names no journal. */
export class JournalSpecError extends Error {
  override readonly name = 'JournalSpecError'

  constructor(reason: string) {
    super(`journal: ${reason}`)
  }
}
