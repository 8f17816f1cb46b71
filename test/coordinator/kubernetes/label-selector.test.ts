import test from 'ava'
import { readLabelSelector } from '../../../services/coordinator/kubernetes/label-selector.js'
import { StatusError } from '../../../services/coordinator/kubernetes/status.js'

test('a selector selects as it does everywhere', t => {
  t.true(readLabelSelector('a=b,!c')({ a: 'b' }))
  t.false(readLabelSelector('a=b,!c')({ a: 'b', c: '' }))
})

test('a selector that cannot be read is a bad request, in the words of Kubernetes', t => {
  const { status } = t.throws(() => readLabelSelector('a in b'), { instanceOf: StatusError })
  t.like(status, { code: 400, reason: 'BadRequest', message: "unable to parse requirement: found 'b' expected: '('" })
})
