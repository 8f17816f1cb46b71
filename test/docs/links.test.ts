import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = fileURLToPath(new URL('../..', import.meta.url))
const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => join(folder, name))
const pages = ['.', 'docs', 'agents', 'bench', 'deploy'].flatMap(markdownIn)

test('every link of a page to a file leads to one', t => {
  t.true(pages.includes('README.md'))
  const links = pages.flatMap(page =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)#:\s]+)(#[^)]*)?\)/g)].map(([, target = '']) => ({
      page,
      target,
    })),
  )
  t.true(links.length > 50)
  t.deepEqual(
    links.filter(({ page, target }) => !existsSync(join(root, dirname(page), target))),
    [],
  )
})
