import test from 'ava'
import { Table } from '../../cli/table.js'

test('a column is as wide as its widest cell and three spaces more, and the last one is not padded', t => {
  const table = new Table()
  t.is(
    table.print([
      ['NAME', 'HOLDER', 'AGE'],
      ['kube-scheduler', 'a_1', '5m30s'],
      ['b', '', '2s'],
    ]),
    'NAME             HOLDER   AGE\nkube-scheduler   a_1      5m30s\nb                         2s\n',
  )
})

test('a column is at least six wide', t => {
  t.is(new Table().print([['A', 'B']]), 'A     B\n')
})

test('rows printed later stay in line with the header', t => {
  const table = new Table()
  table.print([['NAME', 'HOLDER', 'AGE']])
  t.is(table.print([['a', 'b', '1s']]), 'a      b        1s\n')
})

test('a wider cell moves its column from then on', t => {
  const table = new Table()
  table.print([['NAME', 'AGE']])
  table.print([['a-long-name', '1s']])
  t.is(table.print([['a', '2s']]), 'a             2s\n')
})

test('a cell ends at its first line, and its control characters are written out', t => {
  t.is(new Table().print([['a\nb', '\u001b[31mred', 'c\rd']]), 'a...   ^[[31mred   c...\n')
})
