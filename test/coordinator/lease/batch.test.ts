import test from 'ava'
import { systemRandom } from '../../../clock/random.js'
import { encodeEntry } from '../../../services/coordinator/journal/entry-codec.js'
import { LeaseCore } from '../../../services/coordinator/lease/lease-core.js'
import { LeaseTable } from '../../../services/coordinator/lease/lease-table.js'

const wallMicros = 1_767_323_045_678_901

/** A batch in which so many leases were acquired, and one in which they expired: what each was thought to take, and takes. */
function batches(count: number, labels?: Record<string, string>): { thought: number; taken: number }[] {
  const core = new LeaseCore(new LeaseTable(wallMicros), systemRandom)
  const close = (): { thought: number; taken: number } => {
    const thought = core.batch.transitionBytes
    return { thought, taken: encodeEntry({ epoch: 1, ...core.batch.takeRecords() }).byteLength }
  }
  for (let index = 0; index < count; index++) {
    const name = `node-${index}`
    const acquire = { namespace: 'kube-node-lease', name, holderIdentity: `${name}.cluster`, leaseDurationMs: 10_000 }
    const more = { instance: '00112233445566778899aabbccddeeff', ...(labels && { labels }) }
    core.acquire({ ...acquire, ...more }, { now: 0, wallMicros })
  }
  const acquired = close()
  core.tenancies.expireDue({ now: 10_000, wallMicros }, () => false)
  return [acquired, close()]
}

test('a batch knows about how many bytes its transitions take, and seldom less', t => {
  for (const labels of [undefined, { zone: 'eu-1', app: 'x'.repeat(60) }]) {
    for (const { thought, taken } of batches(100, labels)) {
      t.true(thought >= taken, `${thought} for ${taken}`)
      t.true(thought <= taken * 1.2, `${thought} for ${taken}`)
    }
  }
})
