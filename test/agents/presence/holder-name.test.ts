import test from 'ava'
import { isSameHolder } from '../../../agents/presence/holder-name.js'

const one = '9cbf54e5-1136-44bd-8f9a-1dcd15c346b4'
const other = '2b1f0a7c-9d3e-4c5a-8f60-7a1b2c3d4e5f'

for (const [first, second, isSame] of [
  ['node-1', 'node-1', true],
  [`kube-apiserver-abc_${one}`, `kube-apiserver-abc_${other}`, true],
  [`kube-apiserver-abc_${one}`, `kube-apiserver-abc_${other.toUpperCase()}`, true],
  [`node-1_${one}`, 'node-1', true],
  ['node-1', 'node-2', false],
  ['node-1_a', 'node-1_b', false],
  [`a_${one}`, `b_${one}`, false],
  [`a-${one}`, `a-${other}`, false],
  [`a_${one}_x`, `a_${other}_x`, false],
  ['', '', false],
  ['', `_${one}`, false],
] as const) {
  test(`"${first}" and "${second}" are ${isSame ? 'processes of one holder' : 'two holders'}`, t => {
    t.is(isSameHolder(first, second), isSame)
    t.is(isSameHolder(second, first), isSame)
  })
}
