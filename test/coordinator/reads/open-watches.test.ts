import test from 'ava'
import { LeaseError } from '../../../services/coordinator/lease/errors.js'
import { OpenWatches } from '../../../services/coordinator/reads/open-watches.js'

/** A watch that notes why it was ended. */
const watch = () => {
  const ends: unknown[] = []
  return { ends, end: (cause?: LeaseError) => void ends.push(cause?.code) }
}

test('one watch more than may be is refused, and told when to come again', t => {
  const open = new OpenWatches(2)
  const [first, second, third] = [watch(), watch(), watch()]
  open.add(first)
  open.add(second)
  const error = t.throws(() => open.add(third), { instanceOf: LeaseError })
  t.is(error.code, 'OVERLOADED')
  t.is(error.details.retryAfterMs, 5_000)
  open.delete(first)
  open.add(third)
  t.is(open.count, 2)
})

test('a coordinator that stops ends all watches, and takes no more', t => {
  const open = new OpenWatches()
  const [first, second] = [watch(), watch()]
  open.add(first)
  open.add(second)
  open.endAll()
  t.deepEqual([first.ends, second.ends], [['DRAINING'], ['DRAINING']])
  t.is(t.throws(() => open.add(watch()), { instanceOf: LeaseError }).code, 'DRAINING')
})
