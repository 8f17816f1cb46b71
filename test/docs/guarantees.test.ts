import { existsSync, readFileSync } from 'node:fs'
import test from 'ava'

const pageUrl = new URL('../../docs/guarantees.md', import.meta.url)
const page = readFileSync(pageUrl, 'utf8')

test('every title that the page of guarantees quotes is in the test it names', t => {
  const quotes = [...page.matchAll(/\[([^\]]+)\]\((\.\.\/test\/[^)]+)\)/g)]
  t.true(quotes.length > 40)
  const missing = quotes.filter(([, title = '', path = '']) => {
    const file = new URL(path, pageUrl)
    // A long title goes on in another line of the source.
    return (
      !existsSync(file) ||
      !readFileSync(file, 'utf8')
        .replaceAll(/' \+\n\s*'/g, '')
        .includes(title)
    )
  })
  t.deepEqual(
    missing.map(([quote]) => quote),
    [],
  )
})

test('each of the seven rules has a row, and a test on real processes states it', t => {
  for (const rule of [1, 2, 3, 4, 5, 6, 7]) {
    const row = page.split('\n').find(line => line.startsWith(`| ${rule}. `)) ?? ''
    t.regex(row, /\.\.\/test\/(faults|agents)\//, `rule ${rule}`)
  }
})
