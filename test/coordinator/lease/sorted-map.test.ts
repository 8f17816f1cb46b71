import test from 'ava'
import fc from 'fast-check'
import { SortedMap } from '../../../services/coordinator/lease/sorted-map.js'

test('entries come in the order of their keys, from a key on, in whatever order they were set', t => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), fc.string(), (keys, deleted, first) => {
      const map = new SortedMap<string>()
      for (const key of keys) map.set(key, `of ${key}`)
      for (const key of deleted) map.delete(key)
      const left = [...new Set(keys)].filter(key => !deleted.includes(key)).sort()
      t.is(map.size, left.length)
      t.deepEqual(
        [...map.from(first)],
        left.filter(key => key >= first).map(key => [key, `of ${key}`]),
      )
    }),
  )
})

test('a key has the value that was set last, and none once it was deleted', t => {
  const map = new SortedMap<number>()
  map.set('a', 1)
  map.set('a', 2)
  t.is(map.get('a'), 2)
  map.delete('a')
  t.is(map.get('a'), undefined)
})
