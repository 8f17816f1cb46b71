import { MemoryStore, openMemoryJournal } from '../../../services/coordinator/journal/memory-journal.js'
import { encodePiece } from '../../../services/coordinator/journal/snapshot-codec.js'
import { leaseKey } from '../../../services/coordinator/lease/lease.js'
import type { LeaseTable } from '../../../services/coordinator/lease/lease-table.js'
import { openCoordinator } from '../../../services/coordinator/open-coordinator.js'
import { seededRandom } from '../../support/virtual-random.js'
import { SimulatedProcess } from '../process.js'
import { Timeline } from '../timeline.js'
import type { InvariantMaker } from './invariant.js'

/**
 * A start finds what every durable record comes to, byte for byte, from whatever snapshot and entries are there: each
 * start in the world, and one more on a copy of the disk at its end, where what the coordinator has in memory is the same too.
 */
export const replay: InvariantMaker = world => {
  const { coordinator, history } = world
  const different = (what: string, table: LeaseTable): string | undefined => {
    history.readOn()
    if (table.revision !== history.table.revision) {
      return `${what} is at revision ${table.revision}, and the last durable one is ${history.table.revision}`
    }
    if (bytesOf(table).equals(bytesOf(history.table))) return undefined
    return `${what} is not what its records come to, at revision ${table.revision}`
  }
  coordinator.ears.push({
    restored({ table }) {
      const broken = different('what a start read', table)
      if (broken !== undefined) world.fail(broken, 'replay')
    },
  })
  return {
    check() {
      history.readOn()
      return undefined
    },
    async checkEnd() {
      const { open } = coordinator
      if (open !== undefined && open.table.revision === history.table.revision) {
        const broken = different('the state in memory', open.table)
        if (broken !== undefined) return broken
      }
      const process = new SimulatedProcess('replay', new Timeline(), { rate: 1, wallOffsetMicros: 0 })
      const { table } = await openCoordinator({
        journal: openMemoryJournal(copyOf(coordinator.disk.store)),
        clock: process,
        random: seededRandom(1),
        onFailure: error => {
          throw error
        },
      })
      process.kill()
      return different('what a start on a copy of the disk read', table)
    },
  }
}

/** Every lease of a table as a snapshot has it, by name. */
function bytesOf(table: LeaseTable): Buffer {
  const images = [...table.images()].map(lease => ({ kind: 'image', lease }) as const)
  images.sort((one, other) => (keyOf(one.lease) < keyOf(other.lease) ? -1 : 1))
  return Buffer.from(encodePiece(images))
}

const keyOf = ({ namespace, name }: { namespace: string; name: string }): string => leaseKey(namespace, name)

function copyOf(store: MemoryStore): MemoryStore {
  const copy = new MemoryStore(seededRandom(1))
  for (const [sequence, entry] of store.entries) copy.entries.set(sequence, entry)
  copy.snapshot = store.snapshot
  copy.epoch = store.epoch
  copy.lastSequence = store.lastSequence
  return copy
}
