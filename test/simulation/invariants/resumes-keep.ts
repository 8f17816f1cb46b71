import { bookOf } from './book.js'
import type { InvariantMaker } from './invariant.js'
import { isBy } from './streams.js'

/** Who holds a lease keeps its token when it acquires again: the same identity and the same process. Nobody else resumes. */
export const resumesKeep: InvariantMaker = world => {
  let broken: string | undefined
  const book = bookOf(world)
  book.ears.push({
    record({ type, lease: { name, holderIdentity, instance } }, before) {
      const held = before?.image.state === 'held' ? before.image : undefined
      if (held === undefined) return
      if (type === 'acquired')
        broken = `lease ${name} was taken by ${holderIdentity} while ${held.holderIdentity} held it`
      const isSame = held.holderIdentity === holderIdentity && held.instance === instance && instance !== undefined
      if (type === 'transferred' && isSame) broken = `${holderIdentity} took lease ${name} from itself`
    },
    said(_stream, response, asked) {
      if (response.type !== 'acquired' || asked?.request.type !== 'acquire' || !response.resumed) return
      const { request } = asked
      const image = book.leases.get(request.name)?.image
      // By now it may be another's, which the same batch decided after this answer.
      if (image?.fencingToken !== response.fencingToken || image.state !== 'held') return
      if (!isBy(request, image)) broken = `${request.holderIdentity} resumed lease ${request.name} of another process`
    },
  })
  return { check: () => broken }
}
