type Labels = Readonly<Record<string, string>>;

/**
 * Whether a label selector in the API's string form (`a=b,c!=d,e in (f,g),h,!i`) selects an object with these labels. The
 * empty selector selects everything. Throws on what is not a selector, since a silent miss would read as absence.
 */
export function selects(selector: string, labels: Labels = {}): boolean {
  return requirements(selector).every((requirement) => holds(requirement, labels));
}

// Commas separate requirements, except inside the parentheses of a set.
function requirements(selector: string): string[] {
  const found: string[] = [];
  let start = 0;
  let isInSet = false;
  for (let at = 0; at <= selector.length; at += 1) {
    const character = selector.charAt(at);
    if (character === '(') isInSet = true;
    else if (character === ')') isInSet = false;
    else if (character === '' || (character === ',' && !isInSet)) {
      found.push(selector.slice(start, at).trim());
      start = at + 1;
    }
  }
  return found.filter((requirement) => requirement !== '');
}

const setForm = /^(?<key>[^\s!=,()]+)\s+(?<operator>in|notin)\s*\((?<values>[^()]*)\)$/u;
const equalityForm = /^(?<key>[^\s!=,()]+)\s*(?<operator>!=|==|=)\s*(?<value>[^\s!=,()]*)$/u;
const existsForm = /^(?<negation>!?)\s*(?<key>[^\s!=,()]+)$/u;

function holds(requirement: string, labels: Labels): boolean {
  const set = setForm.exec(requirement)?.groups;
  if (set !== undefined) {
    const values = (set['values'] ?? '').split(',').map((value) => value.trim());
    const value = labels[set['key'] ?? ''];
    return (value !== undefined && values.includes(value)) === (set['operator'] === 'in');
  }
  const equality = equalityForm.exec(requirement)?.groups;
  if (equality !== undefined) {
    const equal = labels[equality['key'] ?? ''] === equality['value'];
    return equal === (equality['operator'] !== '!=');
  }
  const exists = existsForm.exec(requirement)?.groups;
  if (exists !== undefined) {
    return (labels[exists['key'] ?? ''] !== undefined) === (exists['negation'] === '');
  }
  throw new Error(`"${requirement}" is not a requirement of a label selector`);
}
