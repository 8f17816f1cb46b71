import test from 'ava'
import { isDisruption } from '../../../agents/node-monitor/disruption.js'

const cases: readonly (readonly [title: string, lost: number, nodes: number, isDisrupted: boolean])[] = [
  ['no node at all is normal', 0, 0, false],
  ['no lost node is normal', 0, 100, false],
  ['one lost of one is told', 1, 1, false],
  ['two lost of two are told', 2, 2, false],
  ['two lost of three are told, whatever their share', 2, 3, false],
  ['all of three are a full disruption', 3, 3, true],
  ['all of many are a full disruption', 1_000, 1_000, true],
  ['three of five are a partial disruption', 3, 5, true],
  ['exactly the share is a partial disruption', 55, 100, true],
  ['one less than the share is normal', 54, 100, false],
  ['three of six are normal', 3, 6, false],
]

for (const [title, lost, nodes, isDisrupted] of cases) {
  test(title, t => t.is(isDisruption(lost, nodes, 55), isDisrupted))
}

test('a share beyond all is never reached', t => t.false(isDisruption(10, 10, 101)))
