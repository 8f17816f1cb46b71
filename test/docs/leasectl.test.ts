/** docs/leasectl.md against the programs it is about. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { exitCode as agentExitCodes } from '../../agents/runtime/exit-codes.js'
import { staleExitCode } from '../../cli/leasectl/check-token.js'
import { holdExitCodes } from '../../cli/leasectl/hold.js'
import { readManifests } from '../../cli/manifest.js'
import { exitCodes } from '../../cli/run-program.js'
import { exitCodes as coordinatorExitCodes } from '../../services/coordinator/exit-codes.js'
import { faultOf, idleLeasectl } from '../support/command-lines.js'
import { shellCommands } from '../support/shell-words.js'

const page = readFileSync(fileURLToPath(new URL('../../docs/leasectl.md', import.meta.url)), 'utf8')

/** The code blocks in a language. */
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(match => match[1] ?? '')

/** What is typed on the page. */
const commands = blocks('console')
  .flatMap(block => block.split('\n').filter(line => line.startsWith('$ ')))
  .flatMap(line => shellCommands(line.slice(2)))
  .filter(([program]) => program === 'leasectl' || program === 'leasehold')

test('every verb is on the page, with an example', t => {
  const program = idleLeasectl()
  const verbs = program.createHelp().visibleCommands(program)
  for (const verb of verbs.filter(verb => verb.name() !== 'help')) {
    t.true(
      commands.some(words => words.includes(verb.name())),
      verb.name(),
    )
  }
})

test('every command on the page is one that can be typed', async t => {
  t.true(commands.length > 0)
  for (const words of commands) t.is(await faultOf(words), '', words.join(' '))
})

test('the manifests on the page are such', t => {
  const manifests = blocks('yaml').filter(block => block.startsWith('apiVersion'))
  t.true(manifests.length > 0)
  for (const block of manifests) t.notThrows(() => readManifests(block, 'the page'))
})

test('the table of exit codes has those of each program, and no others', t => {
  const rows = [...page.matchAll(/^\| (\d+(?: \+ n)?) \|(.*)\|$/gm)].map(([, code = '', cells = '']) => ({
    code,
    meanings: cells.split('|').map(cell => cell.trim()),
  }))
  const codesOf = (column: number) => rows.filter(({ meanings }) => meanings[column] !== '').map(({ code }) => code)
  const expected = [
    [...Object.values(exitCodes), staleExitCode],
    [exitCodes.ok, exitCodes.usage, ...Object.values(holdExitCodes), '128 + n'],
    Object.values(coordinatorExitCodes),
    [...Object.values(agentExitCodes), '128 + n'],
  ]
  for (const [column, codes] of expected.entries()) t.deepEqual(codesOf(column), codes.map(String))
})
