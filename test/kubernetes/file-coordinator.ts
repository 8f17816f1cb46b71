import test from 'ava'
import { CoordinatorProcess, type CoordinatorProcessOptions } from '../support/coordinator-process.js'

/**
 * One coordinator, as a process of its own, for all tests of a file. Call it where the file's tests are declared; what it
 * gives is to be called in a test.
 */
export function fileCoordinator(options: CoordinatorProcessOptions = {}): () => CoordinatorProcess {
  const ends: (() => unknown)[] = []
  let coordinator: CoordinatorProcess | undefined
  test.before('the coordinator starts', async () => {
    const scope = { teardown: (end: () => unknown) => void ends.unshift(end), passed: true, log: () => {} }
    coordinator = await CoordinatorProcess.start(scope, options)
  })
  test.after.always('the coordinator ends', async () => {
    for (const end of ends) await end()
  })
  return () => {
    if (coordinator === undefined) throw new Error('the coordinator did not start')
    return coordinator
  }
}
