#!/usr/bin/env -S node --max-semi-space-size=32 --v8-pool-size=1 --no-memory-reducer
// Twice the usual room for young objects: what waits for a flush outlives more collections than most programs' objects do.
// And one thread of V8's beside the main one instead of four, which on two cores take turns with it while they mark.
// And no marking just because little is allocated: with a million leases it stops the main one again and again for 0.5 s.
import { Command } from 'commander'
import { describeError, runProgram } from './run-program.js'
import { version } from './version.js'

/** What the binary can be; each loads only what it needs, and reads its own arguments. */
const faces: Readonly<Record<string, (args: string[]) => Promise<unknown>>> = {
  async coordinator(args) {
    const { coordinatorCommand } = await import('../services/coordinator/main.js')
    await coordinatorCommand().name('leasehold coordinator').parseAsync(args, { from: 'user' })
  },
  async agent(args) {
    const { runAgent } = await import('../agents/runtime/run-agent.js')
    // Work that did not end in time must not keep the process.
    process.exit(await runAgent(args))
  },
}

const streams = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
}

const [name = '', ...args] = process.argv.slice(2)
const face = Object.hasOwn(faces, name) ? faces[name] : undefined
try {
  if (face) await face(args)
  else process.exitCode = await runProgram(program(), process.argv.slice(2), streams)
} catch (error) {
  process.stderr.write(`leasehold ${name}: ${describeError(error)}\n`)
  process.exitCode = 1
}

/** Tells what there is, and what is wrong with anything else. */
function program(): Command {
  const command = new Command('leasehold')
    .description('A lease coordinator: who is alive, who leads and who is there, for any fleet.')
    .version(version)
    .addHelpText(
      'after',
      `
Examples:
  leasehold coordinator --journal lmdb:./data --nats nats://127.0.0.1:4222
  leasehold coordinator --help
  leasehold agent kubelet-heartbeat --node node-1
  leasehold agent scheduler-leader --lease kube-scheduler -- ./scheduler
  leasehold agent ./my-plugin.js --help`,
    )
  command.command('coordinator').summary('keep leases and serve them').description('Keeps leases and serves them.')
  command.command('agent').argument('<name|file>').summary('run an agent, or a plugin of your own')
  return command
}
