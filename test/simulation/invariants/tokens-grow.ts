import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'

/** Tokens grow with each tenancy of a name, also when its lease is deleted and created again, and no two tenancies share one. */
export const tokensGrow: InvariantMaker = world => {
  let broken: string | undefined
  const greatest = new Map<string, number>()
  const takenBy = new Map<number, string>()
  bookOf(world).ears.push({
    record({ type, lease }) {
      const { name, fencingToken, state } = lease
      const last = greatest.get(name) ?? 0
      const begins = type === 'acquired' || type === 'transferred' || (type === 'created' && state === 'held')
      if (begins && fencingToken <= last) broken = `lease ${name} was taken with token ${fencingToken} after ${last}`
      if (!begins && fencingToken !== last && state !== 'unheld') {
        broken = `lease ${name} was ${type} with token ${fencingToken}, and was taken with ${last}`
      }
      if (begins) greatest.set(name, fencingToken)
    },
    said(_stream, response, asked) {
      if (response.type !== 'acquired' || asked?.request.type !== 'acquire') return
      const { name, holderIdentity, instance } = asked.request
      const holder = `${name} by ${holderIdentity}, process ${instance}`
      const other = takenBy.get(response.fencingToken)
      if (other === undefined) takenBy.set(response.fencingToken, holder)
      else if (other !== holder) broken = `token ${response.fencingToken} is that of ${other} and of ${holder}`
    },
  })
  return { check: () => broken }
}
