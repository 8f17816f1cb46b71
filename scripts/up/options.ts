import { Command, InvalidArgumentError, Option } from 'commander'
import type { Endpoint, Place } from '../fleet/place.js'

/** Reads flags, then the environment, then the defaults; ends the process on --help or a flag that is wrong. */
export function readOptions(argv: readonly string[]): Place {
  const command = new Command('up')
    .description('Runs nats-server, the coordinator and the agents on this machine; Ctrl-C stops all of it.')
    .addOption(
      endpointOption('--listen <host:port>', 'where the coordinator serves gRPC', 'UP_LISTEN', '127.0.0.1:7070'),
    )
    .addOption(endpointOption('--http <host:port>', 'its health and metrics over HTTP', 'UP_HTTP', '127.0.0.1:7071'))
    .addOption(new Option('--nats <url>', 'a NATS to use instead of starting one').env('NATS_URL'))
    .addOption(
      new Option('--nats-port <port>', 'the port of 127.0.0.1 to start nats-server on')
        .env('UP_NATS_PORT')
        .argParser(parsePort)
        .default(4333),
    )
    .addOption(new Option('--data <dir>', 'where journal, events and logs are kept').env('UP_DATA').default('data'))
    .parse(argv, { from: 'user' })
  const { listen, http, nats, natsPort, data } = command.opts<{
    listen: string
    http: string
    nats?: string
    natsPort: number
    data: string
  }>()
  return {
    listen: parseEndpoint(listen),
    http: parseEndpoint(http),
    nats: nats ? { url: nats } : { port: natsPort },
    dataDir: data,
  }
}

function endpointOption(flags: string, description: string, variable: string, fallback: string): Option {
  return new Option(flags, description)
    .env(variable)
    .default(fallback)
    .argParser(text => {
      parseEndpoint(text)
      return text
    })
}

function parseEndpoint(text: string): Endpoint {
  const colon = text.lastIndexOf(':')
  if (colon < 1) throw new InvalidArgumentError('Write it as in 127.0.0.1:7070.')
  return { host: text.slice(0, colon), port: parsePort(text.slice(colon + 1)) }
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('A port is 1 to 65535.')
  return port
}
