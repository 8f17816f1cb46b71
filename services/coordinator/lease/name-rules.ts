/**
 * What may be in the names of Kubernetes: each function answers what is wrong with a value, in the words of
 * apimachinery, where the regular expression and the examples are part of the text; nothing when the value is fine.
 * The first line of each is the quick way for the usual, valid value.
 * @see Kubernetes apimachinery, pkg/util/validation and pkg/api/validate/content
 */

const dnsLabelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const dnsSubdomainFormat = `${dnsLabelFormat}(\\.${dnsLabelFormat})*`
const keyNameFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const labelValueFormat = `(${keyNameFormat})?`

const dnsLabel = new RegExp(`^${dnsLabelFormat}$`)
const dnsSubdomain = new RegExp(`^${dnsSubdomainFormat}$`)
const keyName = new RegExp(`^${keyNameFormat}$`)
const labelValue = new RegExp(`^${labelValueFormat}$`)

/** Beyond this a value is told to be too long and not looked at further: it may be as large as a message. */
const lookAtMost = 4096

const none: readonly string[] = []

/** A lease's name, or the prefix of a label key: a DNS subdomain of at most 253 bytes. */
export function subdomainFaults(value: string): readonly string[] {
  if (value.length <= 253 && dnsSubdomain.test(value)) return none
  const faults = lengthFaults(value, 253)
  if (value.length > lookAtMost || dnsSubdomain.test(value)) return faults
  const rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and"
  const text = `${rule} must start and end with an alphanumeric character`
  return [...faults, mustMatch(text, dnsSubdomainFormat, 'example.com')]
}

/** The beginning of a generated name: as a name, but it may end in a dash, since characters are added. */
export function generateNameFaults(value: string): readonly string[] {
  return subdomainFaults(value.endsWith('-') ? `${value}x` : value)
}

/** A namespace: a DNS label of at most 63 bytes. */
export function labelFaults(value: string): readonly string[] {
  if (value.length <= 63 && dnsLabel.test(value)) return none
  const faults = lengthFaults(value, 63)
  if (value.length > lookAtMost || dnsLabel.test(value)) return faults
  if (dnsSubdomain.test(value)) return [...faults, 'must not contain dots']
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and"
  return [...faults, mustMatch(`${rule} end with an alphanumeric character`, dnsLabelFormat, 'my-name', '123-abc')]
}

/** The key of a label or annotation, a finalizer, a strategy: a name, perhaps after a DNS subdomain and a slash. */
export function qualifiedNameFaults(value: string): readonly string[] {
  if (value.length <= 63 && keyName.test(value)) return none
  const parts = value.split('/', 3)
  const [prefix, name] = parts.length === 1 ? [undefined, value] : [parts[0] ?? '', parts[1] ?? '']
  if (parts.length > 2) {
    const prefixed = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    return [`a valid label key ${keyNameMustMatch} ${prefixed}`]
  }
  const faults: string[] = []
  if (prefix === '') faults.push('prefix part must be non-empty')
  else if (prefix !== undefined) faults.push(...subdomainFaults(prefix).map(fault => `prefix part ${fault}`))
  if (name === '') faults.push('name part must be non-empty')
  else faults.push(...lengthFaults(name, 63).map(fault => `name part ${fault}`))
  if (name.length <= lookAtMost && !keyName.test(name)) faults.push(`name part ${keyNameMustMatch}`)
  return faults
}

/** The value of a label: empty, or as a name of at most 63 bytes. */
export function labelValueFaults(value: string): readonly string[] {
  if (value.length <= 63 && labelValue.test(value)) return none
  const faults = lengthFaults(value, 63)
  if (value.length > lookAtMost || labelValue.test(value)) return faults
  const rule = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and"
  const text = `${rule} must start and end with an alphanumeric character`
  return [...faults, mustMatch(text, labelValueFormat, 'MyValue', 'my_value', '12345')]
}

/** `(e.g. 'a',  or 'b', regex ...)`: the two blanks before "or" are Kubernetes' own. */
function mustMatch(rule: string, format: string, ...examples: string[]): string {
  const shown = examples.map(example => `'${example}', `).join(' or ')
  return `${rule} (e.g. ${shown}regex used for validation is '${format}')`
}

const keyNameMustMatch = mustMatch(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  keyNameFormat,
  'MyName',
  'my.name',
  '123-abc',
)

function lengthFaults(value: string, maxBytes: number): readonly string[] {
  return Buffer.byteLength(value) > maxBytes ? [`must be no more than ${maxBytes} bytes`] : none
}
