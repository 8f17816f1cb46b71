import test from 'ava'
import { SimulatedProcess } from './process.js'
import { Timeline } from './timeline.js'

/** Runs a process that finds in its sockets what `arrive` puts there; says what it read in which turn. */
async function turnsOf(
  arrive: (receive: (message: string, socket?: object, isSmall?: boolean) => void) => void,
): Promise<string[][]> {
  const timeline = new Timeline()
  const process = new SimulatedProcess('process', timeline, { rate: 1, wallOffsetMicros: 0 })
  const turns: string[][] = []
  let turn: string[] | undefined
  process.pause()
  arrive((message, socket, isSmall = false) =>
    process.receive(() => {
      if (turn === undefined) {
        turn = []
        turns.push(turn)
        process.afterPoll(() => {
          turn = undefined
        })
      }
      turn.push(message)
      return !isSmall
    }, socket),
  )
  process.resume()
  while (await timeline.step(1_000));
  return turns
}

const [one, other] = [{}, {}]

test('a turn reads one message of each socket, in order, and all that has none', async t => {
  const turns = await turnsOf(receive => {
    receive('one 1', one)
    receive('one 2', one)
    receive('none 1')
    receive('one 3', one)
    receive('other 1', other)
    receive('other 2', other)
    receive('none 2')
  })
  t.deepEqual(turns, [['one 1', 'none 1', 'other 1', 'none 2'], ['one 2', 'other 2'], ['one 3']])
})

test('what takes no room is read until a message has filled the buffer', async t => {
  const turns = await turnsOf(receive => {
    receive('small 1', one, true)
    receive('one 1', one)
    receive('small 2', one, true)
    receive('other 1', other)
    receive('small 3', one, true)
    receive('one 2', one)
  })
  t.deepEqual(turns, [
    ['small 1', 'one 1', 'other 1'],
    ['small 2', 'small 3', 'one 2'],
  ])
})
