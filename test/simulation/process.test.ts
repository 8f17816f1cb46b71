import test from 'ava'
import { SimulatedProcess } from './process.js'
import { Timeline } from './timeline.js'

test('a turn reads one message of each socket, in order, and all that has none', async t => {
  const timeline = new Timeline()
  const process = new SimulatedProcess('process', timeline, { rate: 1, wallOffsetMicros: 0 })
  const [one, other] = [{}, {}]
  const turns: string[][] = []
  let turn: string[] | undefined
  const receive = (message: string, socket?: object): void =>
    process.receive(() => {
      if (turn === undefined) {
        turn = []
        turns.push(turn)
        process.afterPoll(() => {
          turn = undefined
        })
      }
      turn.push(message)
    }, socket)
  process.pause()
  receive('one 1', one)
  receive('one 2', one)
  receive('none 1')
  receive('one 3', one)
  receive('other 1', other)
  receive('other 2', other)
  receive('none 2')
  process.resume()
  while (await timeline.step(1_000));
  t.deepEqual(turns, [['one 1', 'none 1', 'other 1', 'none 2'], ['one 2', 'other 2'], ['one 3']])
})
